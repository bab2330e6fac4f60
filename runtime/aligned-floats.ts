/** TensorFlow takes values as they lie in memory where they start at a multiple of that many bytes, and copies others. */
export const alignment = 64;

/** Memory of the size of volumes and weights starts that many bytes behind a page, which malloc keeps for itself. */
const behindPage = 16;

/** The first byte of such memory that is aligned. */
export const firstAligned = alignment - behindPage;

/** Zeros that TensorFlow takes as they lie in memory. */
export function alignedFloats(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(new ArrayBuffer(firstAligned + 4 * count), firstAligned, count);
}

/** Whether values start where they are taken as they lie. */
export function isAligned({ byteOffset }: Float32Array): boolean {
  return byteOffset % alignment === firstAligned;
}
