export { encodeRows } from "./encode.ts";
export { tensorflowWork, unitsOf } from "./program-units.ts";
export type { Space } from "./space.ts";
export { isRowProgram, type Unit } from "./units.ts";
