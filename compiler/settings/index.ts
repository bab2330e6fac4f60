export { type DataSettings, defaultData, readDataSettings, type Sizes, type VoxelStorage } from "./data.ts";
export { checkEvalSettings, type EvalSettings, readEvalSettings } from "./eval.ts";
export {
  type Optimizer,
  readTrainSettings,
  type Schedule,
  slotsOf,
  type TrainOverrides,
  type TrainSettings,
} from "./train.ts";
