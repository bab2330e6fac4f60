import type { Input, ModelIndex, TrainOverrides } from "../../compiler/index.ts";
import type { OnnxSignature } from "../onnx/index.ts";

/** The programs whose time is measured. */
export type MeasuredProgram = "step" | "forward";

/** What a process of its own is asked to run and to measure. */
export interface Request {
  readonly kind: "request";
  readonly program: MeasuredProgram;
  readonly inputs: readonly Input[];
  /** Rows of a batch, and of the pieces in which a training step computes it. */
  readonly rows: { readonly batch: number; readonly microBatch: number };
  /** How many runs are counted; null for as many as fit half a minute. */
  readonly steps: number | null;
  /** Runs after the first one and before those that are counted. */
  readonly warmup: number;
  readonly backend: Backend;
  /** A model of one product of matrices, to be run after the rest. */
  readonly product: Product | null;
}

export type Product =
  | { readonly kind: "tfjs"; readonly model: WrittenModel }
  | { readonly kind: "onnx"; readonly model: WrittenOnnxModel };

export type Backend =
  | Product
  | { readonly kind: "evaluator"; readonly path: string; readonly overrides: TrainOverrides };

export interface WrittenModel {
  readonly folder: string;
  readonly index: ModelIndex;
}

export interface WrittenOnnxModel {
  /** The file of each program. */
  readonly files: readonly (readonly [program: string, file: string])[];
  readonly signatures: readonly OnnxSignature[];
}

export interface Measurement {
  readonly device: string;
  /** The first run, in which TensorFlow also prepares the graph. */
  readonly firstMs: number;
  readonly timesMs: readonly number[];
  /** The most memory up to the time when the weights were there. */
  readonly loadedBytes: number;
  /** The most memory of all runs. */
  readonly peakBytes: number;
  /** The time of a matrix product on the same machine, right after the runs. */
  readonly productMs: number | null;
}

/** What the measured process says. */
export type Message =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | Failure;

/** Why nothing was measured, and what to do about it. */
export interface Failure {
  readonly kind: "failed";
  readonly problem: string;
  readonly help: string;
}

/** What to try when a run takes more memory than there is. */
export const lessMemory = "if memory is short, use a smaller --batch, --recompute layers or --precision bf16";

/** Both processes are the same program, so what comes with a kind is taken at its word. */
export function isRequest(value: unknown): value is Request {
  return kindOf(value) === "request";
}

export function isMessage(value: unknown): value is Message {
  const kind = kindOf(value);
  return kind === "progress" || kind === "measured" || kind === "failed";
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : null;
}
