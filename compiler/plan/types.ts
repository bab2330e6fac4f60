import type { Cost } from "./cost.ts";

/** What a spec comes to: everything that is decided before a weight is read. */
export interface Plan {
  readonly model: string;
  readonly batch: number;
  readonly totals: PlanTotals;
  readonly components: readonly PlannedComponent[];
  readonly placements: readonly PlannedPlacement[];
  readonly expectations: readonly PlannedExpectation[];
  readonly cost: PlannedCost;
  readonly parameters: readonly PlannedParameter[];
  readonly buffers: readonly PlannedTensor[];
}

export interface PlanTotals {
  readonly trainable: number;
  readonly frozen: number;
  /** Parameters without those of adapters. */
  readonly base: number;
  readonly total: number;
}

/** One component, with the parameters of its own and those of the adapters in it. */
export interface PlannedComponent {
  readonly name: string;
  readonly parameters: number;
  readonly trainable: number;
}

export interface PlannedTensor {
  readonly path: string;
  /** The name in checkpoints. */
  readonly checkpoint: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly initial: string;
}

export interface PlannedParameter extends PlannedTensor {
  readonly trainable: boolean;
  /** What decided whether it is trainable, as it stands in the spec. */
  readonly rule: string;
  readonly role: string | null;
  readonly ofAdapter: boolean;
}

export interface PlannedPlacement {
  readonly text: string;
  readonly selections: readonly { readonly selector: string; readonly count: number }[];
  readonly adapters: readonly { readonly path: string; readonly parameters: number }[];
  readonly parameters: number;
}

export interface PlannedExpectation {
  readonly text: string;
  readonly holds: boolean;
  readonly found: number;
}

export interface PlannedCost extends Cost {
  /** What the optimizer keeps beside the trainable parameters. */
  readonly optimizerBytes: number;
  /** The model's parameters and buffers in a file, without those of adapters, in 32-bit floats. */
  readonly modelBytes: number;
  /** The adapters' parameters in a file, in 32-bit floats. */
  readonly adapterBytes: number;
}
