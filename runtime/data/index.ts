export { byArchive, storedBytes } from "./archive-member.ts";
export { cacheKey, fileState } from "./cache.ts";
export { checkDataset, type DatasetCounts, type VolumeCheck } from "./check-dataset.ts";
export { checkVolume } from "./check-volume.ts";
export { type DataInputs, type FileInput, findDataInputs } from "./data-inputs.ts";
export type { DatasetNeeds } from "./dataset.ts";
export { packContractOf } from "./layouts/index.ts";
export { type LoadedExample, loadExample, requestsOf } from "./load-example.ts";
export {
  type Dataset,
  type Example,
  type ExampleWith,
  type LabelledExample,
  openDataset,
} from "./open-dataset.ts";
export {
  arrayBytes,
  examplesToPack,
  largestMember,
  PackFolder,
  type PackNeeds,
  type PackSettings,
  type PlannedShard,
  packShards,
  planShards,
} from "./pack/index.ts";
export { exampleValues, fileInputs, fileValues, type LoadedRow, sharedValues, textValues } from "./row-inputs.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { volumeShape } from "./transforms/index.ts";
export { VolumeLoader } from "./volume-loader.ts";
