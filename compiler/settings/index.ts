export { assign, assignedSource } from "./assign.ts";
export {
  type Augmentation,
  type GeometricAugmentation,
  printAugmentation,
  type SpatialAxis,
  type TextAugmentation,
  type ValueAugmentation,
  type VolumeAugmentation,
} from "./augment.ts";
export {
  type BestBy,
  bestBy,
  bestByLoss,
  type EvaluationMetric,
  printBest,
} from "./best.ts";
export { checkEvalSettings } from "./check-eval.ts";
export { computeArguments, computeSettings } from "./computed.ts";
export { type DataSettings, dataSettingNames, defaultData, readDataSettings } from "./data.ts";
export {
  type EvalSettings,
  evalSettingNames,
  type ResampleBy,
  readEvalSettings,
} from "./eval.ts";
export { type EvalColumn, evaluatedColumns, labelColumns, printColumns, unevaluatedClasses } from "./eval-columns.ts";
export {
  type ClassifyTask,
  type EvalTask,
  type ProbeTask,
  printTasks,
  type RetrievalTask,
  trainingTask,
  unsetForEvaluation,
  type ZeroShotTask,
} from "./eval-tasks.ts";
export { defaultImage, type ImageSettings, imageSettingNames, readImageSettings } from "./image.ts";
export { type InputSource, promptInputs, readInputSources } from "./inputs.ts";
export { type PromptSides, printPrompts, promptTexts } from "./prompts.ts";
export { printThreshold, type ThresholdSetting } from "./threshold.ts";
export { plainTokens, type TextCleaning, type TokenSettings } from "./tokens.ts";
export {
  checkBest,
  type Optimizer,
  outlasts,
  printRecompute,
  type Recompute,
  readTrainSettings,
  type Schedule,
  slowAverage,
  stepsOf,
  type TrainOverrides,
  type TrainSettings,
  trainSettingNames,
} from "./train.ts";
export {
  type ClipTime,
  clipTimes,
  crops,
  defaultVolume,
  type Grid,
  grids,
  type Interval,
  type Sizes,
  type Units,
  type VolumeSettings,
  type VoxelStorage,
  volumeResizes,
} from "./volume.ts";
