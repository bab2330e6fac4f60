export type { BuiltinArgument } from "./builtins/builtin.ts";
export { Environment } from "./environment.ts";
export { Evaluator } from "./evaluate.ts";
export { Files } from "./files.ts";
export {
  type AdapterInstance,
  type ModuleInstance,
  type ParameterInstance,
  printSteps,
  type Role,
  type Step,
} from "./instances.ts";
export { type Component, ModelElaborator } from "./model.ts";
export { atomsOf } from "./roles.ts";
export { Trace } from "./trace.ts";
export { describe, number, printInitial, type Value } from "./values.ts";
