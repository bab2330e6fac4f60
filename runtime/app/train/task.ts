import type { SignalWatch } from "../../machine/index.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import type { DataOptions } from "../data/open.ts";
import type { EngineOptions } from "../engine/open.ts";

export interface TrainRequest extends Omit<DataOptions, "data">, EngineOptions {
  /** The path of a spec; null for the only one of the working folder. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
  /** Null for what the spec's `data` block names. */
  readonly data: string | null;
  /** Null for a folder named after the spec. */
  readonly output: string | null;
  readonly steps: number | null;
  readonly seed: number | null;
  readonly resume: boolean;
}

/** A request whose spec compiles, with what was left open in it. */
export interface TrainTask {
  readonly path: string;
  readonly compiled: CompiledSpec;
  readonly data: DataOptions;
  readonly request: TrainRequest;
  readonly signals: SignalWatch;
  readonly startedAt: Date;
}
