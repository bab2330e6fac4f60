import { halfBits } from "../../../compiler/index.ts";
import { encodeNpyHeader, type NpyType } from "../readers/index.ts";

/** Values as a NumPy file, in pieces: as they are, or rounded to the nearest 16-bit floats. */
export function arrayPieces(values: Float32Array, shape: readonly number[], storage: NpyType): readonly Uint8Array[] {
  const stored = storage === "f32" ? values : Uint16Array.from(values, halfBits);
  return [encodeNpyHeader(storage, shape), new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)];
}
