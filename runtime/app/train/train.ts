import { basename, dirname, join, resolve } from "node:path";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import { RunFolder } from "../../train/index.ts";
import { type CompiledSpec, compileReported } from "../compiled-spec.ts";
import type { DataOptions } from "../data/open.ts";
import type { EngineOptions } from "../engine/open.ts";
import { findSpec } from "../find-spec.ts";
import { type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import type { FinishedTraining } from "./finish.ts";
import { trainInto } from "./session.ts";

export interface TrainRequest extends Omit<DataOptions, "data">, EngineOptions {
  /** The path of a spec; null for the only one of the working folder. */
  readonly spec: string | null;
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

/** From a spec, a folder of volumes with reports, and weights, to trained adapters and a report. */
export async function train(request: TrainRequest, reporter: Reporter): Promise<Ended<FinishedTraining>> {
  const path = findSpec(request.spec, "train", reporter);
  if (path === null) return refused;
  const compiled = compileReported(path, reporter);
  if (compiled === null) return refused;
  const { spec } = compiled;
  const seed = request.seed ?? spec.settings.seed;
  const data = request.data ?? (spec.data.folder === null ? null : resolve(dirname(path), spec.data.folder));
  if (data === null) {
    return refuse(
      problem("no training data specified", "add --data DIR, or `folder` to the spec's `data` block"),
      reporter,
    );
  }
  const opened = RunFolder.open(request.output ?? join("runs", basename(path, ".vlm")));
  if (opened.kind !== "open") return refuse(opened.problem, reporter);
  const { run } = opened;
  const signals = watchSignals(() => run.close());
  try {
    const task: TrainTask = {
      path,
      compiled: { ...compiled, spec: { ...spec, settings: { ...spec.settings, seed } } },
      data: { ...request, data },
      request,
      signals,
      startedAt: new Date(),
    };
    return await trainInto(run, task, reporter);
  } catch (error) {
    return refuse(problemOf(error, run.path), reporter);
  } finally {
    signals.dispose();
    run.close();
  }
}
