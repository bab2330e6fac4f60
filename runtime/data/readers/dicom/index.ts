export { isDicomFile, isDicomFolder } from "./folder.ts";
export { readDicomSlices } from "./read-series.ts";
