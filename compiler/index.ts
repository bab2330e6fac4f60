export { foldModel } from "./adapters/fold.ts";
export { type AdapterUpdate, adapterUpdates, type Factors, type LowRank } from "./adapters/updates.ts";
export { compareSpecs, type ReadableSpec } from "./compare/compare.ts";
export type { AdapterChange, Change, Comparison, NamedChange, TensorChange } from "./compare/types.ts";
export {
  emitOnnx,
  encodeOnnx,
  halfBits,
  type OnnxModel,
  type Place,
  placeWeights,
  seedInput,
  trialBatches,
  type WeightFiles,
  withDynamicBatch,
} from "./emit/onnx/index.ts";
export {
  type Bf16Products,
  emitModel,
  encodeSavedModel,
  type ModelIndex,
  type ModelSettings,
} from "./emit/tensorflow/index.ts";
export {
  type FilePlace,
  type Library,
  libraryDeclarations,
  loadProgram,
  type Program as LoadedProgram,
  type ReadResult,
} from "./imports.ts";
export type { Given } from "./ir/evaluate.ts";
export { printProgram } from "./ir/print.ts";
export { elementCount, type Node, printType, type TensorType } from "./ir/types.ts";
export { verify } from "./ir/verify.ts";
export { type ExpectedMemory, expectMemory } from "./memory/expect.ts";
export type { TensorData } from "./ops/index.ts";
export { isFor, optimise, optimiseForOnnx, passes } from "./passes/index.ts";
export { pasteLines } from "./place/bare-text.ts";
export { findPlacements } from "./place/place.ts";
export type { FoundPlacement, FoundPlacements, PlaceOptions } from "./place/types.ts";
export { type Compiled, checkSpec, compileSpec } from "./plan/compile.ts";
export type { FlowUnit, Plan, PlannedFlow, PlannedTensor } from "./plan/types.ts";
export { planToYaml } from "./plan/yaml.ts";
export {
  buildForward,
  buildProgram,
  buildStep,
  type ProgramName,
  stepPrograms,
  type TracedSpec,
  whyNoProgram,
  whyNoStep,
} from "./programs/build.ts";
export { type Features, featuresOf } from "./programs/features.ts";
export { firstValuesOf } from "./programs/init.ts";
export { type Input, inputsOf } from "./programs/inputs.ts";
export { microBatchPrograms } from "./programs/micro-batches.ts";
export { buildProduct } from "./programs/product.ts";
export { flopsOfProgram, nodesOf, type Program } from "./programs/program.ts";
export { evaluateOnce, runProgram } from "./programs/run.ts";
export { nameOf, type ProgramValue, roleOf, valueNamed } from "./programs/values.ts";
export { explainSelectors } from "./select/explain.ts";
export { selectorsForNames } from "./select/shortest.ts";
export { type DataSettings, defaultData, type Sizes } from "./settings/data.ts";
export type { EvalSettings } from "./settings/eval.ts";
export type { TrainOverrides, TrainSettings } from "./settings/train.ts";
export { printBytes, printFlops } from "./units.ts";
