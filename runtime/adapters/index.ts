export {
  attentionNames,
  attentionOf,
  countsTwiceUpTo,
  multiplied,
  type OpenAdapter,
  openAdapter,
  withoutPeftPrefix,
} from "./attention.ts";
export { type AdapterDifference, type Comparison, compareAdapters } from "./compare.ts";
export { type Ia3Config, type LoraConfig, type PeftConfig, readPeftConfig, scaleIn } from "./config.ts";
export {
  type DeclaredConfig,
  type DeclaredModule,
  declaredConfig,
  differenceFrom,
  isOfWholeModel,
} from "./declared-config.ts";
export { peftConfigBeside, peftFiles, peftPrefix, peftRoot } from "./folder.ts";
export { lengthsOf } from "./lengths.ts";
export { innerProduct, type LowRankUpdate, normOf, normOfDifference } from "./low-rank.ts";
export { fitsName, readNamePattern } from "./name-pattern.ts";
export { groupsOf, withoutNumbers } from "./placements.ts";
export { readAdapter } from "./read.ts";
export { type TokensConfig, tokensConfig, tokensName } from "./tokens.ts";
export { type ConfigFields, ia3Config, type LoraModule, loraConfig } from "./write-config.ts";
