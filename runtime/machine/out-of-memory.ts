/** How backends and Node.js say that memory was not to be had. */
const outOfMemory = /\bOOM\b|out of memory|bad_alloc|failed to allocate|allocation failed/i;

/** True for an error that says that memory was not to be had. */
export function isOutOfMemory(error: unknown): error is Error {
  return error instanceof Error && outOfMemory.test(error.message);
}

export const lessMemory =
  'use a smaller `batch` or `micro_batch`, `recompute = layers`, or `precision = "bf16"`; what was saved stays';
