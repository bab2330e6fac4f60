import type { InitialParameter, MemoryModel, PassContext, Program, TrainSettings } from "../../compiler/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import type { BackendName } from "./names.ts";
import type { OperationRun } from "./tensorflow/index.ts";

/** Elements of tensors that programs are given and give. */
export type Values = Float32Array | Int32Array;

/**
 * The programs of a model with its weights, wherever they run. What a program changes stays with the engine until the next
 * run; everything is freed by `dispose`. Each method rejects with an `EngineError` where the backend fails.
 */
export interface Engine {
  readonly backend: Backend;
  /** Where operations run, in words. */
  readonly device: string;
  /** Runs a program and gives its outputs by name. Inputs that it does not have are not looked at. */
  readonly run: (program: string, inputs: ReadonlyMap<string, Values>) => Promise<ReadonlyMap<string, Float32Array>>;
  /** What programs change: trained parameters by their paths, and what is kept for them. */
  readonly read: () => Promise<ReadonlyMap<string, Float32Array>>;
  /** Gives some of that other values, as a checkpoint has them. */
  readonly store: (values: ReadonlyMap<string, Float32Array>) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** A model that is to be run. */
export interface Model {
  /** Its parameters, of which some are trained; the seed is that of what is drawn in a run. */
  readonly parameters: readonly InitialParameter[];
  readonly trainable: ReadonlySet<string>;
  readonly seed: number;
  /** What the backend's `optimise` made of its programs. */
  readonly programs: readonly Program[];
  /** Whether a run of a step gives its gradients too. */
  readonly gradients?: boolean;
  /** Bytes of weights that are handed over at once; the backend's own measure unless it is said. */
  readonly feedBytes?: number;
}

/** Whether a backend can run here, or why not and what to do about it. */
export type BackendState =
  | { readonly kind: "ready" }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

/** A log that a backend writes to its process's standard error. */
export interface Profiling {
  /** Added to the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The operations of the last run that its lines tell of. */
  readonly read: (lines: AsyncIterable<string>) => Promise<readonly OperationRun[]>;
}

/** Something that runs programs. `backends` lists all of them. */
export interface Backend {
  /** The word for it on the command line and in files. */
  readonly name: BackendName;
  /** Its name in messages. */
  readonly title: string;
  /** How a run is logged operation by operation; null where it cannot be. */
  readonly profiling: Profiling | null;
  /** The version of what runs; null for what comes with medctc. */
  readonly version: () => string | null;
  /** Looks whether it can run, and loads nothing. */
  readonly inspect: () => BackendState;
  /** Loads it into this process, or says why that fails. */
  readonly load: () => BackendState;
  /** The passes that lead to a program that it runs. */
  readonly optimise: (program: Program, context: PassContext) => Program;
  /** How it uses memory; null where nothing is known of that. */
  readonly memory: MemoryModel | null;
  /** The type in which it multiplies matrices of a spec's precision; null where how fast it does so says nothing. */
  readonly productType: (precision: TrainSettings["precision"]) => TrainSettings["precision"] | null;
  /**
   * Opens a model, with weights in pieces. Files that the engine needs while it lives go into `folder`. Rejects with an
   * `EngineError`.
   */
  readonly open: (model: Model, piecesOf: WeightPieces, folder: string) => Promise<Engine>;
}
