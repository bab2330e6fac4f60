export {
  type AdapterUpdate,
  adapterUpdates,
  type Factors,
  foldModel,
  type LowRank,
} from "./analyses/adapters/index.ts";
export {
  type AdapterChange,
  type Change,
  type Comparison,
  compareSpecs,
  compareWithKept,
  type Meaning,
  type NamedChange,
  type ReadableSpec,
  type TensorChange,
} from "./analyses/compare/index.ts";
export { expectMemory, type MemoryModel, onnxMemory, tensorflowMemory } from "./analyses/memory/index.ts";
export {
  type FoundPlacement,
  type FoundPlacements,
  findPlacements,
  type PlaceOptions,
  pasteLines,
} from "./analyses/place/index.ts";
export { type Compiled, checkSpec, compileSpec, type SpecChanges } from "./compile.ts";
export {
  elementCount,
  flopsOfProgram,
  type Given,
  type Node,
  nodesOf,
  type Program,
  parametersIn,
  printProgram,
  printType,
  type TensorType,
  verify,
} from "./ir/index.ts";
export {
  expandSpec,
  type FilePlace,
  type Library,
  libraryDeclarations,
  loadProgram,
  type Program as LoadedProgram,
  type ReadResult,
} from "./load/index.ts";
export type { ProgramName } from "./names.ts";
export type { TensorData } from "./ops/index.ts";
export { isFor, optimise, type PassContext, passes } from "./passes/index.ts";
export {
  type ExpectedMemory,
  type FlowUnit,
  type Plan,
  type PlannedFlow,
  type PlannedTensor,
  planToYaml,
} from "./plan/index.ts";
export {
  averagedBy,
  buildForward,
  buildProduct,
  buildProgram,
  buildStep,
  buildValidation,
  evaluateOnce,
  type Features,
  featuresOf,
  firstValuesOf,
  gatheredBytes,
  type InitialParameter,
  type Input,
  inputsOf,
  microBatchPrograms,
  nameOf,
  type ProgramValue,
  readAverages,
  roleOf,
  runProgram,
  sharedInputs,
  slotShape,
  stepPrograms,
  type TracedSpec,
  type Validation,
  valueNamed,
  whyNoProgram,
  whyNoStep,
} from "./programs/index.ts";
export { explainSelectors, selectorsForNames } from "./select/index.ts";
export {
  type Augmentation,
  assignedSource,
  type BestBy,
  bestBy,
  bestByLoss,
  type DataSettings,
  defaultData,
  defaultImage,
  defaultVolume,
  type EvalSettings,
  type EvaluationMetric,
  type GeometricAugmentation,
  type ImageSettings,
  type InputSource,
  type Interval,
  outlasts,
  printAugmentation,
  promptTexts,
  type ResampleBy,
  type Sizes,
  type SpatialAxis,
  stepsOf,
  type TextAugmentation,
  type ThresholdSetting,
  type TrainOverrides,
  type TrainSettings,
  type Units,
  unsetForEvaluation,
  type ValueAugmentation,
  type VolumeAugmentation,
  type VolumeSettings,
  type VoxelStorage,
} from "./settings/index.ts";
export { type TargetFile, targets, type Unwritable } from "./targets/index.ts";
export {
  emitOnnx,
  encodeOnnx,
  halfBits,
  type OnnxModel,
  optimiseForOnnx,
  type Place,
  placeWeights,
  seedInput,
  trialBatches,
  type WeightFiles,
  withDynamicBatch,
} from "./targets/onnx/index.ts";
export { pytorch as pytorchTarget, pytorchReleases } from "./targets/pytorch/index.ts";
export {
  type Bf16Products,
  emitModel,
  type ModelIndex,
  type ModelSettings,
  modelFiles,
  modelPrograms,
} from "./targets/tensorflow/index.ts";
export { printBytes, printFlops, printNumberOf } from "./units.ts";
