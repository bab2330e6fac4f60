/** A spec whose memory is asked for, with all texts that are open, which it may import. */
export interface MemoryTask {
  readonly path: string;
  readonly text: string;
  /** This text and those of all files that it imports, which the answer is of. */
  readonly whole: string;
  readonly open: readonly (readonly [path: string, text: string])[];
}

/** What a training step is expected to take: memory at its peak, and time; null for what does not train, or does not compile. */
export interface MemoryAnswer {
  readonly peakBytes: number | null;
  /** What runs the step. */
  readonly title: string;
  /** What a step is expected to take in time on this machine; null without rates, and where there is no step. */
  readonly time: { readonly seconds: number; readonly title: string } | null;
}
