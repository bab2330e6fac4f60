import type { Diagnostic } from "../../../grammar/index.ts";

/** What something was and what it is now; null where it is not there. */
export interface Change<Value> {
  readonly before: Value | null;
  readonly after: Value | null;
}

export interface NamedChange<Value> extends Change<Value> {
  readonly name: string;
}

/** Adapters that came, went, or have other arguments. */
export interface AdapterChange {
  readonly change: "added" | "removed" | "changed";
  /** The modules that they are on: `vision.spatial.layers[0..4].attention.to_q`. */
  readonly modules: string;
  readonly count: number;
  readonly adapter: string;
  /** All arguments of what came or went, and of others those that changed. */
  readonly arguments: readonly NamedChange<string>[];
}

/** Parameters that both specs have, and that are trained in one of them. */
export interface FreezeChange {
  readonly parameters: string;
  readonly tensors: number;
  /** How many numbers they have together. */
  readonly elements: number;
  readonly isTrained: Change<boolean>;
}

/** Parameters and buffers of the model itself that came, went, or are others: what a tensor is, as text. */
export interface TensorChange extends Change<string> {
  readonly tensors: string;
  readonly count: number;
  readonly what: "tensor" | "shape" | "first values" | "name in checkpoints";
}

/** A let, a loss, or modules whose own computation is another. */
export interface ComputationChange {
  readonly change: "added" | "removed" | "changed";
  /** `let image`, `loss`, `text.layers[0..12].up`. */
  readonly what: string;
}

/** What two specs differ in, in what they mean; all lists are empty when they mean the same. */
export interface Comparison {
  readonly isEqual: boolean;
  readonly model: Change<string> | null;
  readonly adapters: readonly AdapterChange[];
  readonly frozen: readonly FreezeChange[];
  readonly tensors: readonly TensorChange[];
  readonly computation: readonly ComputationChange[];
  /** `train.batch`, `data.size`, ... */
  readonly settings: readonly NamedChange<string>[];
  /** Whether each expectation holds. */
  readonly expectations: readonly NamedChange<boolean>[];
  /** Parameters: `trainable`, `total`, `base`, `frozen`, and those of each component and trained in it. */
  readonly counts: readonly NamedChange<number>[];
  /** Estimated floating-point operations and bytes. */
  readonly costs: readonly NamedChange<number>[];
}

/** A comparison, or the diagnostics of the specs of which one does not compile. */
export interface Compared {
  readonly comparison: Comparison | null;
  readonly diagnostics: readonly Diagnostic[];
}
