/**
 * medctc as a library for Node: `import { check, compile, plan, run } from "medctc"`. What runs in a browser too, the grammar
 * and the compiler, is `medctc/compiler`.
 */
export type { Compiled, Plan, ProgramName, SpecChanges, TensorData, TensorType } from "../../compiler/index.ts";
export { type Diagnostic, renderDiagnostics } from "../../grammar/index.ts";
export { readVolume, tokenize } from "./inputs.ts";
export { type RunOptions, run } from "./run.ts";
export { check, compile, plan, SpecError } from "./specs.ts";
