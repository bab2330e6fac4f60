/** TensorFlow takes values as they lie in memory where they start at a multiple of that many bytes, and copies others. */
export const alignment = 64;

/** Memory of the size of volumes and weights starts that many bytes behind a page, which malloc keeps for itself. */
const behindPage = 16;

/** The first byte of such memory that is aligned. */
export const firstAligned = alignment - behindPage;

/** How many bytes of memory `alignedFloats` takes for so many. */
export function alignedBytes(count: number): number {
  return firstAligned + 4 * count;
}

/**
 * Floats that TensorFlow takes as they lie in memory: zeros, or what stands in `used`, which is taken where it is as large as needed.
 * New memory costs more time to get than a file to read into it.
 */
export function alignedFloats(count: number, used: ArrayBuffer | null = null): Float32Array<ArrayBuffer> {
  const memory = used?.byteLength === alignedBytes(count) ? used : new ArrayBuffer(alignedBytes(count));
  return new Float32Array(memory, firstAligned, count);
}

/** Whether an array is what `alignedFloats` gives: all of its memory, from where it is aligned on. */
export function isAligned({ buffer, byteOffset, length }: Float32Array): boolean {
  return byteOffset === firstAligned && buffer.byteLength === alignedBytes(length);
}
