import type { PeftValue } from "../elaborate/index.ts";
import type { TensorType } from "../ir/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import type { Cost } from "./cost.ts";

/** The summary of a spec: everything that is decided before a weight is read. */
export interface Plan {
  readonly model: string;
  readonly batch: number;
  readonly totals: PlanTotals;
  readonly components: readonly PlannedComponent[];
  readonly flow: PlannedFlow;
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
  readonly ofAdapter: boolean;
}

export interface PlannedParameter extends PlannedTensor {
  readonly trainable: boolean;
  /** What decided whether it is trainable, as it stands in the spec. */
  readonly rule: string;
  readonly role: string | null;
  /** How the optimizer moves it, where a group says so: `lr 5e-5, frozen for 10 epochs`. */
  readonly group?: string;
}

export interface PlannedPlacement {
  readonly text: string;
  readonly selections: readonly { readonly selector: string; readonly count: number }[];
  readonly adapters: readonly PlannedAdapter[];
  readonly parameters: number;
}

export interface PlannedAdapter {
  readonly path: string;
  readonly parameters: number;
  /** What its declaration says that it is in PEFT. */
  readonly peft?: PlannedPeftForm;
}

/** The type of PEFT's config, and the fields in it that say what an adapter computes. */
export interface PlannedPeftForm {
  readonly type: string;
  /** The adapted module's name in checkpoints. */
  readonly module: string;
  readonly fields: Readonly<Record<string, PeftValue>>;
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
  /** The adapters' parameters and buffers in a file, in 32-bit floats. */
  readonly adapterBytes: number;
}

/** How values flow through a model, from its inputs to its losses. */
export interface PlannedFlow {
  /** Inputs, then the rest in the order in which the model declares it. */
  readonly units: readonly FlowUnit[];
  readonly arrows: readonly FlowArrow[];
}

export interface FlowUnit {
  readonly kind: "input" | "encoder" | "let" | "loss";
  readonly name: string;
  /** As it stands in the spec: the call that makes an encoder, the expression of a let or a loss; empty for an input. */
  readonly text: string;
  /** Null for an encoder, which has many values. */
  readonly type: TensorType | null;
  /** The components whose parameters it uses: an encoder itself; heads, parts and parameters in a let or a loss. */
  readonly components: readonly string[];
  /** What happens in an encoder, in order; empty for the others. */
  readonly steps: readonly FlowStep[];
}

/** A module or a parameter that is used from here on, or a value of the encoder's `forward` that has a name. */
export type FlowStep =
  | { readonly kind: "module"; readonly path: string }
  | { readonly kind: "value"; readonly name: string; readonly type: TensorType; readonly isUsed: boolean };

/** A value of one unit that another uses; units go by their places in the list. */
export interface FlowArrow {
  readonly from: number;
  readonly to: number;
  /** The path of the value; empty where it has no name. */
  readonly value: string;
  readonly type: TensorType;
}

/** The memory that a training step is expected to take, in bytes. */
export interface ExpectedMemory {
  /** Whether the layers' activations are computed again in the backward pass. */
  readonly recompute: TrainSettings["recompute"];
  readonly precision: TrainSettings["precision"];
  /** What runs the step. */
  readonly title: string;
  /** Node and that itself. */
  readonly processBytes: number;
  /** Weights, what the optimizer keeps for them, and what is computed once. */
  readonly variableBytes: number;
  /** Inputs, activations and gradients where they are most, and the heap's holes. */
  readonly tensorBytes: number;
  /** All of that together. */
  readonly peakBytes: number;
  /** Where the tensors are most: an operation and the module that it is in. */
  readonly at: string;
}
