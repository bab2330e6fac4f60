import type { TrainSettings } from "../../compiler/index.ts";
import { at } from "../at.ts";
import type { Batch, RowInputs, StepInputs } from "../backends/index.ts";
import {
  augmentText,
  type DataInputs,
  type Example,
  type ExampleLoader,
  exampleValues,
  type FileInput,
  fileInputs,
  fileValues,
  LentFiles,
  type LoadedExample,
  type LoadedRow,
  loadExample,
  type Operations,
  requestsOf,
  type Tokenizer,
  type VolumeChange,
} from "../data/index.ts";
import type { Problem } from "../text/index.ts";
import type { FeatureTable } from "./feature-table.ts";
import type { TrainingOrder } from "./order.ts";

export interface BatchOptions {
  readonly examples: readonly Example[];
  readonly order: TrainingOrder;
  readonly settings: Pick<TrainSettings, "batch" | "microBatch">;
  /** The processes among which a batch is dealt, and those of them whose rows are asked for here. */
  readonly processes: { readonly count: number; readonly first: number; readonly here: number };
  readonly loader: ExampleLoader;
  /** Null for a model that takes no text. */
  readonly tokenizer: Tokenizer | null;
  readonly inputs: DataInputs;
  /** The inputs that all rows share. */
  readonly shared: Batch;
  /** How examples are changed at random, which follows from the seed of the training. */
  readonly augment: { readonly operations: Operations; readonly seed: number };
  /** Whether another example takes the place of one whose volume cannot be read. */
  readonly skipBad: boolean;
}

/** A batch of volumes up to that size is kept while its step is computed; of a larger one rows that are asked for again are read again. */
const keptBytes = 512 * 1024 * 1024;

/** An example in a step; without a step, as it is. */
interface Wanted {
  readonly index: number;
  readonly step: number | null;
}

/** The batch of a step while it is read. */
interface ReadingStep {
  readonly chosen: number[];
  readonly step: number;
  /** Whether its rows are given as they are when they are asked for again. */
  readonly isKept: boolean;
  /** When all that is bad in it was replaced, once something was found to be. */
  replaced: Promise<void> | null;
}

/** A volume that cannot be used, and that nothing may take the place of. */
export class BadVolumeError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.subject}: ${problem.message}`);
    this.problem = problem;
  }
}

/** The batches of a training, any of which can be asked for by its step. */
export class Batches {
  private readonly options: BatchOptions;
  private readonly files: readonly FileInput[];
  /** Bytes of what the files of one example become. */
  private readonly fileBytes: number;
  /** Examples whose volumes turned out to be bad. */
  private readonly bad = new Set<number>();
  /** What was left out since it was last asked for. */
  private readonly skipped: Problem[] = [];
  private readonly lent: LentFiles;
  private features: FeatureTable | null = null;
  /** The batch that was asked for last, with what took the place of bad volumes. */
  private chosen: readonly number[] = [];

  constructor(options: BatchOptions) {
    this.options = options;
    this.files = fileInputs(options.inputs);
    this.lent = new LentFiles(options.loader);
    this.fileBytes = 4 * this.files.reduce((sum, input) => sum + valueCount(input), 0);
  }

  /** Whether an example's volume turned out to be bad. */
  get hasBad(): boolean {
    return this.bad.size > 0;
  }

  /** What was left out since the last time that this was asked. */
  takeSkipped(): readonly Problem[] {
    return this.skipped.splice(0);
  }

  /** The names of the examples in the batch that was asked for last. */
  lastNames(): readonly string[] {
    return this.chosen.map((index) => this.example(index).name);
  }

  /** Gives features of examples instead of their volumes from now on. */
  useFeatures(features: FeatureTable): void {
    this.features = features;
  }

  /**
   * The inputs from which the features of an example are computed, while the next one is read ahead. A bad volume is all padding,
   * and its example is not used; without `skipBad` it rejects with a BadVolumeError.
   */
  async featureInputs(index: number, next: number | null): Promise<Batch> {
    const loading = this.load({ index, step: null });
    this.prefetch(next === null ? [] : [{ index: next, step: null }]);
    const result = await loading;
    if (result.kind === "unread") throw new BadVolumeError(result.problem);
    if (result.kind === "failed") this.giveUp(index, result.problem);
    const files =
      result.kind === "ok" ? result.value : this.files.map((input) => new Float32Array(valueCount(input)).fill(-1));
    return this.lend([{ example: this.example(index), files }], null);
  }

  /** Takes inputs back that nobody reads any more. */
  done(inputs: Batch): void {
    this.lent.giveBack(inputs);
  }

  /** The epoch of a step, which is counted from 0. */
  epochOf(step: number): number {
    return this.options.order.batchAt(step).epoch;
  }

  /**
   * The inputs of a step, as many rows at a time as are asked for, while what comes next is read ahead; `steps` is where the training
   * ends. Its rows reject with a BadVolumeError when a volume cannot be used.
   */
  at(step: number, steps: number): StepInputs {
    return { rows: this.rowsAt(step, steps), shared: this.options.shared, done: (rows) => this.done(rows) };
  }

  private rowsAt(step: number, steps: number): RowInputs {
    const { order, settings } = this.options;
    const { batch, microBatch } = settings;
    const chosen = [...order.batchAt(step).examples];
    this.chosen = chosen;
    const { features } = this;
    if (features !== null)
      return (from, count) => Promise.resolve(this.readFeatures(chosen, from, count, step, features));
    const { first, last, shareAt } = this.dealt(batch);
    const following = step + 1 < steps ? [...order.batchAt(step + 1).examples].slice(first, last) : [];
    // Rows that a process computes in micro-batches are asked for once more, to backpropagate.
    const timesOf = (place: number): number => (shareAt(place) > microBatch ? 2 : 1);
    const isKept = timesOf(0) === 2 && batch * this.fileBytes <= keptBytes;
    const kept = new Map<string, Promise<Batch>>();
    const asked = new Uint8Array(batch);
    const reading: ReadingStep = { chosen, step, isKept, replaced: null };
    return (from, count) => {
      const known = kept.get(`${from} ${count}`);
      if (known !== undefined) return known;
      for (let place = from; place < from + count; place++) asked[place] = at(asked, place) + 1;
      const rest = [0, 1].flatMap((time) =>
        chosen.slice(first, last).filter((_, index) => {
          const place = first + index;
          return at(asked, place) <= time && time < (isKept ? 1 : timesOf(place));
        }),
      );
      const next = [...wantedAt(rest, step), ...wantedAt(following, step + 1)];
      const inputs = this.read(reading, from, count, next);
      if (isKept) kept.set(`${from} ${count}`, inputs);
      return inputs;
    };
  }

  /** The places in a batch whose rows are asked for here, and how many rows the process has that has one. */
  private dealt(batch: number) {
    const { count, first, here } = this.options.processes;
    const share = Math.floor(batch / count);
    // The first processes have one row more than the others.
    const before = (process: number): number => share * process + Math.min(process, batch % count);
    const shareAt = (place: number): number => (place < before(batch % count) ? share + 1 : share);
    return { first: before(first), last: before(first + here), shareAt };
  }

  /** The inputs of some rows; what is bad is replaced in the batch itself, so that it stays so in its step. */
  private async read(reading: ReadingStep, from: number, count: number, next: readonly Wanted[]): Promise<Batch> {
    const { chosen, step } = reading;
    const places = Array.from({ length: count }, (_, row) => from + row);
    const load = (place: number): Promise<LoadedExample> => this.load({ index: at(chosen, place), step });
    const loading = places.map(load);
    this.prefetch(next);
    const taken: LoadedRow[] = [];
    for (const [row, place] of places.entries()) {
      let result = await at(loading, row);
      if (result.kind === "failed" && this.options.skipBad) {
        reading.replaced ??= this.replaceBad(chosen, step);
        await reading.replaced;
        result = await load(place);
      }
      if (result.kind !== "ok") throw new BadVolumeError(result.problem);
      taken.push({ example: this.example(at(chosen, place)), files: result.value });
    }
    return reading.isKept ? this.inputsOf(taken, step) : this.lend(taken, step);
  }

  /**
   * Replaces all that is bad in a batch. In the order of the batch, whoever met the first of it: what takes the place of one depends
   * on what took the places before.
   */
  private async replaceBad(chosen: number[], step: number): Promise<void> {
    for (const place of chosen.keys()) {
      for (;;) {
        const result = await this.load({ index: at(chosen, place), step });
        if (result.kind === "unread") throw new BadVolumeError(result.problem);
        if (result.kind === "ok") break;
        this.giveUp(at(chosen, place), result.problem);
        chosen[place] = this.substituteFor(chosen, place, result.problem);
      }
    }
  }

  private giveUp(index: number, problem: Problem): void {
    if (!this.options.skipBad) throw new BadVolumeError(problem);
    if (!this.bad.has(index)) this.skipped.push(problem);
    this.bad.add(index);
  }

  /** The next example, in the order of names, that is not in the batch and not known to be bad: the same in every run. */
  private substituteFor(chosen: readonly number[], place: number, problem: Problem): number {
    const { examples } = this.options;
    const index = at(chosen, place);
    for (let offset = 1; offset < examples.length; offset++) {
      const other = (index + offset) % examples.length;
      if (!chosen.includes(other) && !this.bad.has(other)) return other;
    }
    const message = "too few volumes of the data set can be read to fill a batch";
    throw new BadVolumeError({ subject: problem.subject, message, help: "see `medctc data check`" });
  }

  /** The same from what is known of examples. */
  private readFeatures(chosen: number[], from: number, count: number, step: number, features: FeatureTable): Batch {
    const { inputs, tokenizer } = this.options;
    for (let place = from; place < from + count; place++) {
      const index = at(chosen, place);
      const problem = { subject: this.example(index).file, message: "it cannot be read", help: null };
      if (this.bad.has(index)) chosen[place] = this.substituteFor(chosen, place, problem);
    }
    const some = chosen.slice(from, from + count);
    const examples = some.map((index) => this.changed(this.example(index), step));
    return new Map([...features.rowsOf(some), ...exampleValues(examples, inputs, tokenizer)]);
  }

  /** The inputs of rows, whose files are taken back when these are done. */
  private lend(taken: readonly LoadedRow[], step: number | null): Batch {
    const inputs = this.inputsOf(taken, step);
    this.lent.lend(taken, inputs);
    return inputs;
  }

  private inputsOf(taken: readonly LoadedRow[], step: number | null): Batch {
    const { inputs, tokenizer } = this.options;
    const examples = taken.map(({ example }) => this.changed(example, step));
    return new Map([...fileValues(taken, inputs), ...exampleValues(examples, inputs, tokenizer)]);
  }

  private load(wanted: Wanted): Promise<LoadedExample> {
    return loadExample(this.options.loader, this.example(wanted.index), this.files, null, this.changeOf(wanted));
  }

  private prefetch(wanted: readonly Wanted[]): void {
    this.options.loader.prefetch(
      wanted.flatMap((each) => requestsOf(this.example(each.index), this.files, null, this.changeOf(each))),
    );
  }

  /** How the files of an example are changed in a step. */
  private changeOf({ index, step }: Wanted): VolumeChange | null {
    const { operations, seed } = this.options.augment;
    if (step === null || operations.volumes.length === 0) return null;
    return { operations: operations.volumes, draw: { seed, step, example: this.example(index).name } };
  }

  /** An example with its texts as they are changed in a step. */
  private changed(example: Example, step: number | null): Example {
    const { operations, seed } = this.options.augment;
    if (step === null || operations.texts.length === 0) return example;
    const draw = { seed, step, example: example.name };
    return { ...example, texts: example.texts.map((text) => augmentText(text, operations.texts, draw)) };
  }

  private example(index: number): Example {
    return at(this.options.examples, index);
  }
}

function wantedAt(indices: Iterable<number>, step: number): readonly Wanted[] {
  return [...indices].map((index) => ({ index, step }));
}

function valueCount({ shape }: FileInput): number {
  return shape.reduce((product, size) => product * size, 1);
}
