import { basename, dirname, join, resolve } from "node:path";
import { watchSignals } from "../machine/index.ts";
import { compilePath } from "../specs/index.ts";
import { RunFolder } from "../train/index.ts";
import { fail, failStorage, failSystem } from "./fail.ts";
import { findSpec } from "./find-spec.ts";
import type { DataOptions } from "./open-data.ts";
import type { EngineOptions } from "./open-engine.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { trainInto } from "./train-run.ts";

export interface TrainOptions extends Omit<DataOptions, "data">, EngineOptions {
  /** Null for what the spec's `data` block names. */
  readonly data: string | null;
  /** Null for a folder named after the spec. */
  readonly output: string | null;
  readonly steps: number | null;
  readonly seed: number | null;
  readonly resume: boolean;
  readonly version: string;
}

/** `medctc train`: from a spec, a folder of volumes with reports, and weights, to trained adapters and a report. */
export async function train(named: string | null, options: TrainOptions, terminal: Terminal): Promise<ExitCode> {
  const path = findSpec(named, "train", terminal);
  if (path === null) return exitCodes.wrong;
  const compiled = compilePath(path, terminal.libraryFolder);
  const { spec, plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null || plan === null) return exitCodes.wrong;
  const seed = options.seed ?? spec.settings.seed;
  const data = options.data ?? (spec.data.folder === null ? null : resolve(dirname(path), spec.data.folder));
  if (data === null) {
    return fail("no training data specified", "give --data DIR, or `folder` in the spec's `data` block", terminal);
  }
  const opened = RunFolder.open(options.output ?? join("runs", basename(path, ".vlm")));
  if (opened.kind !== "open") return failStorage(opened.problem, terminal);
  const { run } = opened;
  const signals = watchSignals(() => run.close());
  try {
    const request = {
      path,
      compiled: { ...compiled, plan, spec: { ...spec, settings: { ...spec.settings, seed } } },
      data: { ...options, data },
      options,
      signals,
      startedAt: new Date(),
    };
    return await trainInto(run, request, terminal);
  } catch (error) {
    return failSystem(error, run.path, terminal);
  } finally {
    signals.dispose();
    run.close();
  }
}
