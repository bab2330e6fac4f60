/** TensorFlow takes values as they lie in memory where they start at a multiple of that many bytes, and copies others. */
const alignment = 64;
/** Memory of this size starts that many bytes behind a page, which malloc keeps for itself. */
const behindPage = 16;

/**
 * Memory for what one run is fed, used again for the next: memory that was never touched costs more to get than reading a
 * file into it.
 */
export class FeedMemory {
  private readonly buffer: ArrayBuffer;
  private at = alignment - behindPage;

  /** Room for any of some runs, of which each takes arrays of so many elements. */
  constructor(runs: readonly (readonly number[])[]) {
    const sizes = runs.map((counts) => counts.reduce((sum, count) => sum + aligned(4 * count), 0));
    this.buffer = new ArrayBuffer(alignment + Math.max(0, ...sizes));
  }

  /** An array in this memory; what it holds is what was there before. */
  take(count: number): Float32Array {
    const taken = new Float32Array(this.buffer, this.at, count);
    this.at += aligned(4 * count);
    return taken;
  }

  /** Gives all of it free for the next run. */
  reset(): void {
    this.at = alignment - behindPage;
  }
}

function aligned(bytes: number): number {
  return alignment * Math.ceil(bytes / alignment);
}
