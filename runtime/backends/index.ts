export type { Backend, BackendState, Engine, Model } from "./backend.ts";
export { type ChosenBackend, chooseBackend } from "./choose.ts";
export { EngineError } from "./engine-error.ts";
export { type Finding, findings } from "./findings.ts";
export { backendNamed, backends, engineName, isForTraining, precisionOn } from "./list.ts";
export type { BackendName } from "./names.ts";
export { openModel } from "./open-model.ts";
export { type EnginePurpose, enginePrograms, modelOf } from "./programs.ts";
export { runOnce } from "./run-once.ts";
export {
  type Batch,
  type MicroBatchInputs,
  microBatchesOf,
  type StepInputs,
  type StepResult,
  trainStep,
} from "./step.ts";
export { validateBatch } from "./validate.ts";
export { lasting } from "./values.ts";
