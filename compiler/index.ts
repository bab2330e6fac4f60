export type { FilePlace, Library, ReadResult } from "./imports.ts";
export { type Compiled, checkSpec, compileSpec } from "./plan/compile.ts";
export type { Plan } from "./plan/types.ts";
export { planToYaml } from "./plan/yaml.ts";
export { explainSelectors } from "./select/explain.ts";
