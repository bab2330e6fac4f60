export { encodeRows } from "./encode.ts";
export type { Space } from "./space.ts";
export { isRowProgram, joinRows, readOutside, type Unit } from "./units.ts";
