/** A tensor of each adapter that has it, with the weights of these adapters. */
export interface Tasks {
  readonly tensors: readonly Float64Array[];
  readonly weights: readonly number[];
}

/** What the sign of an element is decided by: the sum of its values, or how many of these have each sign. */
export const electedBy = ["total", "frequency"] as const;
export type ElectedBy = (typeof electedBy)[number];

export interface MergeOptions {
  /** The share of the elements of each tensor that stay, above 0. */
  readonly density: number;
  readonly sign: ElectedBy;
  /** Numbers from 0 up to, and without, 1, for the tensor of an adapter by its place. */
  readonly draws: (adapter: number) => () => number;
}

/** One tensor made of those of several adapters, element by element. */
export type Merge = (tasks: Tasks, options: MergeOptions) => Float64Array;
