import type {
  InitialParameter,
  MemoryModel,
  Program,
  Runner,
  TargetFile,
  TracedSpec,
  TrainSettings,
  Unwritable,
} from "../../compiler/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import type { StepInputs, TimeParts, Values, WholeModel } from "./engine.ts";
import type { Launch } from "./launch.ts";
import type { NameOf } from "./names.ts";
import type { OperationRun } from "./tensorflow/index.ts";

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
  /** Training steps and losses as a whole, where the engine makes these; null where `run` has their programs. */
  readonly whole: WholeModel | null;
  /** What programs change: trained parameters by their paths, and what is kept for them. */
  readonly read: () => Promise<ReadonlyMap<string, Float32Array>>;
  /** Gives some of that other values, as a checkpoint after so many steps has them. */
  readonly store: (values: ReadonlyMap<string, Float32Array>, step?: number) => Promise<void>;
  /** Times what its processes do; missing where `run` has a program for it. */
  readonly timeParts?: TimeParts;
  /** The processes in which it computes besides this one. */
  readonly processes?: () => readonly number[];
  readonly dispose: () => Promise<void>;
}

/** Programs that are to be run. */
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

/** A model that is to be run as a whole, by a program that was written of its spec. */
export interface WrittenSpec {
  readonly spec: TracedSpec;
  /** What the backend's `write` made of the spec. */
  readonly files: readonly TargetFile[];
  /** The programs for which it is opened, as they were built: they tell the parameters that are read. */
  readonly programs: readonly Program[];
  /** The names in checkpoints of parameters and buffers, by their paths. */
  readonly checkpoints: ReadonlyMap<string, string>;
  readonly launch: Launch;
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

interface AnyBackend {
  /** Its name in messages. */
  readonly title: string;
  /** How a run is logged operation by operation; null where it cannot be. */
  readonly profiling: Profiling | null;
  /** The version of what runs; null for what comes with medctc, or where only an engine knows. */
  readonly version: () => string | null;
  /** Looks whether it can run, started so where a user said how, and loads nothing. */
  readonly inspect: (launch?: Launch | null) => BackendState;
  /** Loads it into this process, or says why that fails. */
  readonly load: (launch?: Launch | null) => BackendState;
  /** How it uses memory; null where nothing is known of that. */
  readonly memory: MemoryModel | null;
  /** The type in which it multiplies matrices of a spec's precision; null where how fast it does so says nothing. */
  readonly productType: (precision: TrainSettings["precision"]) => TrainSettings["precision"] | null;
}

/** Something that runs programs one by one. */
export interface ProgramBackend extends AnyBackend, Runner {
  /** The word for it on the command line and in files. */
  readonly name: NameOf<"programs">;
  readonly runs: "programs";
  /**
   * Opens a model, with weights in pieces. Files that the engine needs while it lives go into `folder`. Rejects with an
   * `EngineError`.
   */
  readonly open: (model: Model, piecesOf: WeightPieces, folder: string) => Promise<Engine>;
}

/**
 * Something that runs models as a whole: it trains them and encodes with them. Times are expected of it by programs whose operations take
 * about what its own of the same spec do.
 */
export interface ModelBackend extends AnyBackend, Runner {
  readonly name: NameOf<"models">;
  readonly runs: "models";
  /** What it runs of a spec, or why it cannot say the spec. */
  readonly write: (spec: TracedSpec) => readonly TargetFile[] | Unwritable;
  /** As that of a `ProgramBackend`. */
  readonly open: (model: WrittenSpec, piecesOf: WeightPieces, folder: string) => Promise<Engine>;
  /** Starts the processes of a machine that follows another one, and gives them their rows of each step. */
  readonly follow: (model: WrittenSpec, folder: string, inputsAt: (step: number) => StepInputs) => Promise<Following>;
}

/** Processes that another machine leads. */
export interface Following {
  /** Waits until that one has ended them; rejects where one failed, or could not be given its rows. */
  readonly over: () => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** `backends` lists all of them. */
export type Backend = ProgramBackend | ModelBackend;
