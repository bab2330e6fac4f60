import type { StepInputs } from "../backends/index.ts";

/** Seconds that a process of a training spent on its parts; where it was resumed, those of its last process. */
export interface SpentTimes {
  /** From its start until the first evaluation or step: reading tables, weights, and what a backend prepares. */
  readonly starting: number;
  /** On steps; the first one also has what a backend prepares then. */
  readonly steps: number;
  /** Of these until rows were read. */
  readonly waiting: number;
  readonly evaluating: number;
  /** On checkpoints. */
  readonly saving: number;
}

/** Adds up the times of a training. */
export class SpentClock {
  private readonly spent = { starting: 0, steps: 0, waiting: 0, evaluating: 0, saving: 0 };

  get times(): SpentTimes {
    return { ...this.spent };
  }

  add(part: keyof SpentTimes, seconds: number): void {
    this.spent[part] += seconds;
  }

  /** Does something, and adds what it took. */
  async measure<Value>(part: keyof SpentTimes, task: () => Promise<Value>): Promise<Value> {
    const started = performance.now();
    try {
      return await task();
    } finally {
      this.add(part, (performance.now() - started) / 1000);
    }
  }

  /** Inputs of a step whose rows are waited for. */
  watch(inputs: StepInputs): StepInputs {
    return { ...inputs, rows: (from, count) => this.measure("waiting", () => inputs.rows(from, count)) };
  }
}
