// Too slow for loops over voxels.
export { at } from "../compiler/at.ts";
