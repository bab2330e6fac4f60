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
export { readOwnMetadata } from "./own-metadata.ts";
export { drawPlanes } from "./planes.ts";
export { preprocessVolume } from "./preprocess.ts";
export { tokenInputs } from "./token-inputs.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { unpack } from "./transforms/index.ts";
export { VolumeLoader } from "./volume-loader.ts";
export type { VolumeRequest } from "./volume-messages.ts";
