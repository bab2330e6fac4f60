import type { SpecChanges } from "../../compiler/index.ts";
import type { Launch } from "../backends/index.ts";
import type { BackendRates } from "../machine/index.ts";
import type { Problem } from "../text/index.ts";

/** The programs whose time is measured. */
export type MeasuredProgram = "step" | "forward";

/** What a process of its own is asked to run and to measure. */
export interface Request {
  readonly kind: "request";
  /** The spec, and what replaces its settings. */
  readonly path: string;
  readonly overrides: SpecChanges;
  readonly program: MeasuredProgram;
  /** The name of the backend. */
  readonly backend: string;
  /** How processes of a backend that has some are started; null where nothing is said of that. */
  readonly launch: Launch | null;
  /** A file of weights; null for first values. */
  readonly weights: string | null;
  /** Which of several copies of the weights in it. */
  readonly weightsCopy: string | null;
  /** How many runs are counted; null for as many as fit half a minute. */
  readonly steps: number | null;
  /** Runs after the first one and before those that are counted. */
  readonly warmup: number;
  /** Whether a product of two matrices is timed after the rest. */
  readonly product: boolean;
}

/** What a process of its own is asked to find of a backend on this machine. */
export interface CalibrationRequest {
  readonly kind: "calibration";
  /** The name of the backend. */
  readonly backend: string;
  /** How its processes are started, where it has some. */
  readonly launch: Launch;
  /** How many runs of each program are counted; null for as many as fit some seconds. */
  readonly steps: number | null;
}

/** What was found of a backend. */
export type Calibrated = Pick<BackendRates, "rates" | "device" | "gpus" | "exchange">;

export interface Measurement {
  readonly device: string;
  /** Floating-point operations of one run, as the passes left it. */
  readonly flops: number;
  /** The first run, in which a backend may also prepare what it needs. */
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
  | { readonly kind: "calibrated"; readonly found: Calibrated }
  | Failure;

/** Why nothing was measured. */
export interface Failure {
  readonly kind: "failed";
  readonly problem: Problem;
}

/** What to try when a run takes more memory than there is. */
export const lessMemory = "if memory is short, use a smaller --batch, --recompute layers or --precision bf16";

/** Both processes are the same program, so what comes with a kind is taken at its word. */
export function isRequest(value: unknown): value is Request {
  return kindOf(value) === "request";
}

export function isCalibrationRequest(value: unknown): value is CalibrationRequest {
  return kindOf(value) === "calibration";
}

export function isMessage(value: unknown): value is Message {
  const kind = kindOf(value);
  return kind === "progress" || kind === "measured" || kind === "calibrated" || kind === "failed";
}

function kindOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "kind" in value ? value.kind : null;
}
