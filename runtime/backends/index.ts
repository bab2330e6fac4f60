export type {
  Backend,
  BackendState,
  Engine,
  Model,
  ModelBackend,
  ProgramBackend,
} from "./backend.ts";
export { type ChosenBackend, chooseBackend } from "./choose.ts";
export type { Batch, RowInputs, StepInputs, StepResult } from "./engine.ts";
export { EngineError } from "./engine-error.ts";
export { type Finding, findings } from "./findings.ts";
export { type Launch, oneProcess, worldOf } from "./launch.ts";
export {
  backendNamed,
  backends,
  engineName,
  isForTraining,
  precisionOn,
  programBackends,
  trainingBackends,
} from "./list.ts";
export { type Openable, openModel, openUnchecked } from "./open-model.ts";
export {
  type Besides,
  type EnginePurpose,
  enginePrograms,
  type FoundOpenable,
  modelOf,
  openableFor,
  openablePrograms,
  passesOf,
} from "./programs.ts";
export { packageFiles } from "./pytorch/index.ts";
export { runOnce } from "./run-once.ts";
export { inputsInMemory, trainStep } from "./step.ts";
export { validateBatch } from "./validate.ts";
export { lasting } from "./values.ts";
