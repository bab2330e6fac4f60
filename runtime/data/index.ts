export { byArchive, isPacked, type StoredFile, storedBytes, storedPath } from "./archive-member.ts";
export {
  augmentText,
  fitProblem,
  leftRightAxis,
  type Operations,
  operationsOf,
  sideProblem,
} from "./augment/index.ts";
export type { CacheSettings } from "./cache.ts";
export { cacheEntry } from "./cache-entry.ts";
export { type CheckOptions, checkDataset, type DatasetCounts, trainedLengths, volumeFiles } from "./check-dataset.ts";
export { checkVolume } from "./check-volume.ts";
export { contractOf } from "./contract.ts";
export { countLabels, type LabelCounts, type SplitLabels } from "./count-labels.ts";
export {
  type BoundInput,
  bindInputs,
  type DataInputs,
  type FileInput,
  findDataInputs,
  hasSettingsOf,
  plainVolume,
  type VolumeInput,
} from "./data-inputs.ts";
export type { DatasetNeeds, Listing } from "./dataset.ts";
export {
  type Examination,
  examineVolumes,
  type SampledVolume,
  sampleVolumes,
  type VolumeFile,
} from "./examine-volumes.ts";
export { hounsfieldValues } from "./hounsfield-sample.ts";
export { labelCell, labelOf } from "./labels.ts";
export { LentFiles } from "./lent-files.ts";
export { examplesAhead, type LoadedExample, loadExactly, loadExample, requestsOf } from "./load-example.ts";
export { gridOf } from "./load-volume.ts";
export { describeMisread } from "./misread-text.ts";
export {
  contractKey,
  decodeContract,
  encodeContract,
  type ModelContract,
  modelContractOf,
  modelDifferences,
  type RecordedContract,
  withOrientations,
} from "./model-contract.ts";
export {
  type Dataset,
  type Example,
  type ExampleWith,
  exampleOf,
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
  pictureNames,
  planShards,
} from "./pack/index.ts";
export { drawPlanes, slicesOf } from "./planes.ts";
export { type ColourPicture, encodePng, type GreyPicture } from "./png.ts";
export { preprocessVolume } from "./preprocess.ts";
export { readTable } from "./readers/index.ts";
export {
  exampleValues,
  fileInputs,
  fileValues,
  type LoadedRow,
  labelGaps,
  promptValues,
  sharedWeights,
  textTables,
  textValues,
  tokenInputs,
} from "./row-inputs.ts";
export { contractOfSpec } from "./spec-contract.ts";
export { type HeaderSurvey, type Measures, surveyHeaders } from "./survey-headers.ts";
export { describeAlike, describeCut, measureTexts, type TextLengths } from "./text-lengths.ts";
export { tokenSettingsOf } from "./token-settings.ts";
export { tokenizerProblem } from "./tokenizer-problem.ts";
export { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizers/index.ts";
export { unpack, unstatedMetadata } from "./transforms/index.ts";
export { type ExampleLoader, VolumeLoader } from "./volume-loader.ts";
export type { VolumeChange } from "./volume-messages.ts";
export { originOf } from "./volume-name.ts";
