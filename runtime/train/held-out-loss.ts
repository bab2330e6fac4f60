import { setImmediate as letOthersRun } from "node:timers/promises";
import type { Validation } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { type Batch, type Engine, validateBatch } from "../backends/index.ts";
import {
  type DataInputs,
  type Example,
  examplesAhead,
  exampleValues,
  type LoadedRow,
  type Tokenizer,
} from "../data/index.ts";
import type { HeldOutLoss } from "../evaluate/index.ts";
import type { Problem } from "../text/index.ts";
import { BadVolumeError } from "./batches.ts";
import type { HeldOutRows } from "./held-out-rows.ts";
import { permutation } from "./order.ts";

export interface HeldOutLossOptions {
  readonly engine: Pick<Engine, "run" | "whole">;
  readonly validation: Pick<Validation, "rows" | "microBatch">;
  readonly inputs: DataInputs;
  /** The inputs that all rows share, as in training. */
  readonly shared: Batch;
  /** Null for a model that takes no text. */
  readonly tokenizer: Tokenizer | null;
  readonly held: HeldOutRows;
  readonly skipBad: boolean;
  /** Hears how many examples are done. */
  readonly tell: (done: number) => void;
  readonly isStopped: () => boolean;
}

export type MeasuredLoss =
  /** There is no loss where too few examples can be read to fill a batch. */
  | { readonly kind: "measured"; readonly loss: HeldOutLoss | null; readonly skipped: readonly Problem[] }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Whatever the seed of a training is, so that trainings can be compared. */
const order = { seed: 0, epoch: 0 };

/**
 * The loss on held-out examples and what is logged beside it: the means over whole batches of the examples in an order that is
 * always the same. The last batch is filled up with the first examples, because a loss that compares rows is smaller for fewer
 * of them. Nothing is changed at random.
 */
export async function measureHeldOutLoss(
  examples: readonly Example[],
  options: HeldOutLossOptions,
): Promise<MeasuredLoss> {
  const { engine, validation, inputs, shared, tokenizer, held, isStopped } = options;
  const reader = new HeldOutReader(examples, options);
  const sums = new Map<string, number>();
  let batches = 0;
  try {
    for (let first = await reader.next(); first !== null; first = await reader.next()) {
      const started = [first];
      const rows = async (from: number, count: number): Promise<Batch> => {
        const taken: LoadedRow[] = [];
        for (let place = from; place < from + count; place++) {
          // Rows beyond the batch are not looked at.
          const isBeyond = place >= validation.rows;
          taken.push(isBeyond ? at(taken, 0) : (started.pop() ?? (await reader.nextOrFirst())));
        }
        const of = taken.map(({ example }) => example);
        return new Map([...held.inputsOf(taken), ...exampleValues(of, inputs, tokenizer)]);
      };
      const values = await validateBatch(engine, validation, { rows, shared, done: held.done }, isStopped);
      if (values === null) return { kind: "stopped" };
      for (const [name, value] of values) sums.set(name, (sums.get(name) ?? 0) + value);
      batches += 1;
      options.tell(reader.read.length);
      await letOthersRun();
    }
  } catch (error) {
    if (error instanceof BadVolumeError) return { kind: "wrong", problem: error.problem };
    if (error instanceof StoppedError) return { kind: "stopped" };
    if (!(error instanceof TooFewError)) throw error;
  }
  if (batches === 0) return { kind: "measured", loss: null, skipped: reader.skipped };
  const values = new Map([...sums].map(([name, sum]) => [name, sum / batches] as const));
  return { kind: "measured", loss: { examples: reader.read.length, values }, skipped: reader.skipped };
}

class StoppedError extends Error {}
class TooFewError extends Error {}

/** Reads examples in the order that is always the same, without those that are bad; rejects where a batch cannot be had. */
class HeldOutReader {
  /** What was read well, in its order. */
  readonly read: Example[] = [];
  readonly skipped: Problem[] = [];
  private readonly examples: readonly Example[];
  private readonly options: HeldOutLossOptions;
  private place = 0;
  private again = 0;

  constructor(examples: readonly Example[], options: HeldOutLossOptions) {
    this.examples = [...permutation(examples.length, order.seed, order.epoch)].map((index) => at(examples, index));
    this.options = options;
  }

  /** The next example; null after the last. */
  async next(): Promise<LoadedRow | null> {
    while (this.place < this.examples.length) {
      const example = at(this.examples, this.place++);
      const row = await this.load(example, this.examples.slice(this.place, this.place + examplesAhead));
      if (row === null) continue;
      this.read.push(example);
      return row;
    }
    return null;
  }

  /** The next example, and after the last the first ones again, which fill up a batch. */
  async nextOrFirst(): Promise<LoadedRow> {
    const next = await this.next();
    if (next !== null) return next;
    const isEnough = this.read.length >= this.options.validation.rows;
    const row = isEnough ? await this.load(at(this.read, this.again++), []) : null;
    if (row === null) throw new TooFewError();
    return row;
  }

  /** Null for a file that is bad and may be left out. */
  private async load(example: Example, next: readonly Example[]): Promise<LoadedRow | null> {
    const { held, skipBad, isStopped } = this.options;
    const result = await held.load(example, next);
    if (isStopped()) throw new StoppedError();
    if (result === null) return null;
    if (result.kind === "ok") return { example, files: result.value };
    if (result.kind === "unread" || !skipBad) throw new BadVolumeError(result.problem);
    this.skipped.push(result.problem);
    return null;
  }
}
