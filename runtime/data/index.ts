export { operationsOf } from "./augment/index.ts";
export { cacheKey, fileState } from "./cache.ts";
export { checkDataset, type DatasetCounts, type VolumeCheck } from "./check-dataset.ts";
export { checkVolume } from "./check-volume.ts";
export { type DataInputs, findDataInputs } from "./data-inputs.ts";
export type { DatasetNeeds } from "./dataset.ts";
export { loadExample, requestOf } from "./load-example.ts";
export {
  type Dataset,
  type Example,
  type ExampleWith,
  type LabelledExample,
  openDataset,
  type ReportedExample,
} from "./open-dataset.ts";
export { tokenInputs } from "./token-inputs.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { VolumeLoader } from "./volume-loader.ts";
export type { VolumeRequest } from "./volume-messages.ts";
