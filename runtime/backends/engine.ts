/** Elements of tensors that programs are given and give. */
export type Values = Float32Array | Int32Array;

/** The inputs of some rows of a batch, by name; each has its rows one after the other. */
export type Batch = ReadonlyMap<string, Values>;

/**
 * The inputs of so many rows of a step's batch, from one on. In micro-batches rows are asked for once to embed them and once more
 * to backpropagate, so that a large batch need not be in memory as a whole. Several may be asked for at once, in any order.
 */
export type RowInputs = (from: number, count: number) => Promise<Batch>;

/** What a step is computed from: its rows, and what is the same for all of them, such as the weights of classes. */
export interface StepInputs {
  readonly rows: RowInputs;
  readonly shared: Batch;
  /** Hears which of the rows that it gave are not read any more, so that their memory may be used again. */
  readonly done?: (rows: Batch) => void;
}

/** What a training step says of itself. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Metrics by their names, and as `loss/contrastive` each loss where there are several. */
  readonly metrics: ReadonlyMap<string, number>;
}

/** Which step it is, counted from 0, of how many rows, and how many of them a process computes at once at most. */
export interface StepSize {
  readonly step: number;
  readonly batch: number;
  readonly microBatch: number;
}

/** What an engine does as a whole that runs no programs of a step; null when it was stopped, and then nothing has changed. */
export interface WholeModel {
  readonly step: Whole<StepResult>;
  /** The loss of a held-out batch, which `step` counts, and what is logged beside it, by the names that it is logged under. */
  readonly measure: Whole<ReadonlyMap<string, number>>;
}

export type Whole<Result> = (inputs: StepInputs, size: StepSize, isStopped: () => boolean) => Promise<Result | null>;

/**
 * What processes do that are timed by themselves: a product of two square matrices of a type; word to each other; gradients that are summed;
 * rows that are gathered.
 */
export type Timed = "f32" | "bf16" | "agree" | "sum" | "gather";

/** The seconds of the fastest of some runs, of so many rows of a matrix or bytes, and how many GPUs the machine has for processes. */
export type TimeParts = (
  what: Timed,
  size: number,
  runs: number,
) => Promise<{ readonly seconds: number; readonly gpus: number }>;
