export { encodeRows } from "./encode.ts";
export type { Space } from "./space.ts";
export { isRowProgram, joinRows, readOutside, type Unit } from "./units.ts";

/**
 * The operation `MedctcRows`, into which operations on the rows of tensors of at least that many elements are joined; none where
 * what runs a graph does not know it.
 */
export type RowPrograms = "none" | { readonly from: number };

/** Smaller tensors are not worth a row program. */
export const rowPrograms: RowPrograms = { from: 4096 };
