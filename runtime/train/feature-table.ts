import type { Batch } from "../backends/index.ts";

/** What frozen encoders make of every example, in memory: rows of each feature by its name. */
export class FeatureTable {
  /** Numbers of one example, by the names of features, in the order in which they stand in a row. */
  private readonly widths: ReadonlyMap<string, number>;
  private readonly width: number;
  private readonly values: Float32Array;

  constructor(widths: ReadonlyMap<string, number>, examples: number, values: Float32Array | null = null) {
    this.widths = widths;
    this.width = [...widths.values()].reduce((sum, width) => sum + width, 0);
    this.values = values ?? new Float32Array(this.width * examples);
  }

  /** All numbers, example after example. */
  get all(): Float32Array {
    return this.values;
  }

  /** The features of some examples as inputs, row after row. */
  rowsOf(examples: readonly number[]): Batch {
    let offset = 0;
    const inputs = new Map<string, Float32Array>();
    for (const [name, width] of this.widths) {
      const rows = new Float32Array(width * examples.length);
      for (const [row, example] of examples.entries()) {
        const at = example * this.width + offset;
        rows.set(this.values.subarray(at, at + width), row * width);
      }
      inputs.set(name, rows);
      offset += width;
    }
    return inputs;
  }

  /** Keeps what a program gave for an example. */
  store(example: number, outputs: ReadonlyMap<string, Float32Array>): void {
    let offset = example * this.width;
    for (const [name, width] of this.widths) {
      const row = outputs.get(name);
      if (row?.length !== width) throw new Error(`invariant: the program gives the feature ${name} of one example`);
      this.values.set(row, offset);
      offset += width;
    }
  }
}
