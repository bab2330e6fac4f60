// Too slow for loops over voxels.
export { at, countAt } from "../compiler/at.ts";
