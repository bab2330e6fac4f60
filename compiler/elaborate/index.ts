export type { BuiltinArgument } from "./builtins/builtin.ts";
export { type BuiltinName, builtinNamed, builtinNames, isBuiltinName } from "./builtins/index.ts";
export { forwardOf } from "./calls.ts";
export { Constants } from "./constants.ts";
export { Evaluator } from "./evaluate.ts";
export { defineLets, letsOf } from "./file-lets.ts";
export { Files } from "./files.ts";
export { type Component, ModelElaborator } from "./model.ts";
export { innermostList, printSteps, type Role, type Step } from "./parameters.ts";
export { bindSizes } from "./patterns.ts";
export { isOfWholeModel } from "./peft-form.ts";
export { atomsOf } from "./roles.ts";
export { Trace, type Watch } from "./trace.ts";
export {
  type Adaptable,
  type AdapterInstance,
  describe,
  Environment,
  isModule,
  type ModuleInstance,
  number,
  type OptionalInstance,
  type ParameterInstance,
  type PeftValue,
  printInitial,
  type Value,
} from "./values.ts";
