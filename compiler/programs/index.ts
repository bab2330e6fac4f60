export { averagedBy, readAverages } from "./averages.ts";
export {
  buildForward,
  buildProgram,
  buildStep,
  buildStepPart,
  type OptionalTensor,
  stepPrograms,
  type TracedSpec,
  whyNoProgram,
  whyNoStep,
} from "./build.ts";
export { type BuiltStep, builtStep } from "./built-step.ts";
export { imageOutputs, logitsOutput, textOutputs } from "./encoders.ts";
export { type Features, featuresOf } from "./features.ts";
export { type DrawnParameter, firstValue, firstValuesOf, type InitialParameter, isDrawn } from "./init.ts";
export { type Input, inputsOf, sharedInputs } from "./inputs.ts";
export { gatheredBytes, microBatchPrograms } from "./micro-batches.ts";
export { buildUpdate, numbersKept, type Update } from "./optimizer.ts";
export { buildProduct } from "./product.ts";
export { rowValues } from "./row-values.ts";
export { evaluateExactly, evaluateOnce, runProgram } from "./run.ts";
export { buildLearningRate } from "./schedule.ts";
export { buildShortTexts, type ShortTexts } from "./short-texts.ts";
export { buildValidation, encodedValidation, type Validation } from "./validation.ts";
export {
  isMeasured,
  nameOf,
  type OptimizerSlot,
  type ProgramValue,
  roleOf,
  slotShape,
  type ValueRole,
  valueNamed,
} from "./values.ts";
export type { WrittenModel } from "./written-model.ts";
