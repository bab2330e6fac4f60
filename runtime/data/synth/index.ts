export { type Planted, planted } from "./findings.ts";
export { mostVolumes, type Split, splits } from "./layout.ts";
export { encodeNifti } from "./nifti-writer.ts";
export { writeDataset } from "./write-dataset.ts";
