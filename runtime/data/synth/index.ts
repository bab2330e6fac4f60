export { type Planted, planted } from "./findings.ts";
export { mostVolumes, type Split, splits } from "./layout.ts";
export { writeDataset } from "./write-dataset.ts";
