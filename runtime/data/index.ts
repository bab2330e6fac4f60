export {
  augmentText,
  fitProblem,
  leftRightAxis,
  type Operations,
  operationsOf,
  sideProblem,
} from "./augment/index.ts";
export { cacheKey, fileState } from "./cache.ts";
export { checkDataset, type DatasetCounts, type VolumeCheck } from "./check-dataset.ts";
export { checkVolume } from "./check-volume.ts";
export { type BoundInput, type DataInputs, type FileInput, findDataInputs } from "./data-inputs.ts";
export type { DatasetNeeds } from "./dataset.ts";
export { type LoadedExample, loadExample, requestsOf } from "./load-example.ts";
export { gridOf } from "./load-volume.ts";
export {
  type Dataset,
  type Example,
  type ExampleWith,
  type LabelledExample,
  openDataset,
} from "./open-dataset.ts";
export {
  exampleValues,
  fileInputs,
  fileValues,
  type LoadedRow,
  labelGaps,
  sharedValues,
  textValues,
} from "./row-inputs.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { VolumeLoader } from "./volume-loader.ts";
export type { VolumeChange } from "./volume-messages.ts";
