export { cacheKey, fileState } from "./cache.ts";
export { checkDataset, type DatasetCounts, type VolumeCheck } from "./check-dataset.ts";
export { checkVolume } from "./check-volume.ts";
export { type Dataset, type DatasetNeeds, openDataset } from "./dataset.ts";
export type { Example } from "./examples.ts";
export type { DataProblem } from "./problem.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
export { VolumeLoader } from "./volume-loader.ts";
export type { VolumeRequest, VolumeResult } from "./volume-messages.ts";
