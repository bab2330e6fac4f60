import { alignment, firstAligned } from "../../aligned-floats.ts";

/**
 * Memory for what one run is fed, used again for the next: memory that was never touched costs more to get than reading a
 * file into it.
 */
export class FeedMemory {
  private readonly buffer: ArrayBuffer;
  private at = firstAligned;

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
    this.at = firstAligned;
  }
}

function aligned(bytes: number): number {
  return alignment * Math.ceil(bytes / alignment);
}
