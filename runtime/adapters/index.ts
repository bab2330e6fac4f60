export { type AdapterKind, kindOf, kindsIn, type SizeArguments, sizeArguments } from "./adapter-kinds.ts";
export {
  asUpdate,
  type Block,
  blocksOf,
  type CombineOptions,
  type Contribution,
  combineModule,
  decompose,
  decomposeMatrix,
  distanceOf,
  type ElectedBy,
  electedBy,
  energyIn,
  type LeadingDirections,
  type LoraMatrices,
  leadingDirections,
  lengthOf,
  type MethodName,
  type MethodOption,
  MomentsSum,
  matricesOf,
  measuredSvdRate,
  methods,
  overlapOf,
  principalCosines,
  rankHolding,
  type Spectrum,
  spectrumOf,
  svdWork,
  truncated,
  weightedSum,
  withLargest,
} from "./arithmetic/index.ts";
export { distributedRanks, roundedHalfToEven } from "./arithmetic/rank-distribution.ts";
export {
  attentionNames,
  attentionOf,
  countsTwiceUpTo,
  multiplied,
  type OpenAdapter,
  openAdapter,
} from "./attention.ts";
export { carriedFields } from "./carried-fields.ts";
export { type AdapterDifference, type Comparison, compareAdapters, withNamesOf } from "./compare.ts";
export {
  type Ia3Config,
  type LoraConfig,
  type PeftConfig,
  readPeftConfig,
  scaleIn,
  scaleOf,
} from "./config.ts";
export { conflictsWith } from "./conflicts.ts";
export {
  computedOf,
  constantTensors,
  type DeclaredConfig,
  declaredConfig,
  differenceFrom,
  isCopied,
  isOfWholeModel,
} from "./declared-config.ts";
export { type FoundConfig, peftConfigFor, peftFiles } from "./folder.ts";
export { lengthsOf } from "./lengths.ts";
export { modulesInFile, namedInVain } from "./listed-modules.ts";
export { type LoraFiles, loraFiles } from "./lora-file.ts";
export { type LoraOf, loraPartsOf, type OtherTensor } from "./lora-modules.ts";
export { innerProduct, type LowRankUpdate, normOf, normOfDifference } from "./low-rank.ts";
export { fitsName, PatternReader } from "./name-pattern.ts";
export { type OpenModel, openModelFile } from "./open.ts";
export {
  knownTypes,
  lengthsEnding,
  loraEndings,
  loralibEndings,
} from "./peft-format.ts";
export {
  besidesModel,
  moduleInPeft,
  peftPrefix,
  peftRoot,
  plainNames,
  unloadedName,
  withoutPrefix,
  withoutWrappers,
} from "./peft-names.ts";
export { placeModules } from "./place-modules.ts";
export type { PlacedGroup } from "./placed-groups.ts";
export { groupsOf, withoutNumbers } from "./placements.ts";
export { readAdapter, type StoredAdapter } from "./read.ts";
export { isCopyOf, type OrderOf, orderByFile } from "./stored-placements.ts";
export { noTargetParameters, type ParameterOrder } from "./target-parameters.ts";
export { tokensConfig, tokensName } from "./tokens.ts";
export { adapterUpdates } from "./updates.ts";
export { type ConfigFields, ia3Config, type LoraModule, loraConfig, meaningOnly } from "./write-config.ts";
