import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Plan } from "../../compiler/index.ts";
import { decodeScores, type Evaluation, evaluateScores } from "../evaluate/index.ts";
import { readFileText } from "../files/index.ts";
import { readOwnLines } from "../json/index.ts";
import type { ManifestEntry } from "./manifest.ts";
import { isFinished, runFolder } from "./sweep-folder.ts";

/** What there is of a run: all, part of it, or nothing. */
export type RunStatus = "done" | "failed" | "unfinished" | "missing";

export interface StepValue {
  readonly step: number;
  readonly value: number;
}

/** One training of a sweep, as its folder has it. */
export interface RunResult {
  readonly entry: ManifestEntry;
  readonly plan: Plan;
  readonly seed: number;
  readonly status: RunStatus;
  /** Steps that were made. */
  readonly steps: number;
  /** Of the steps alone, however often the training was gone on with; null where no step says. */
  readonly seconds: number | null;
  /** After the last step that was evaluated, of a run that is done; null where nothing was evaluated. */
  readonly evaluation: Evaluation | null;
  readonly losses: readonly StepValue[];
  /** Mean AUROC at the steps that were evaluated. */
  readonly aurocs: readonly StepValue[];
}

/** Reads what a run has left. A run that is not done has curves and no numbers: they would look like those of the others. */
export function readRun(root: string, entry: ManifestEntry, plan: Plan, seed: number, hasFailed: boolean): RunResult {
  const folder = runFolder(root, entry.name, seed);
  const isDone = isFinished(folder);
  const steps = readSteps(join(folder, "metrics.jsonl"));
  // Before the first step a run is at step 0, and may have been evaluated there.
  const lastStep = steps.at(-1)?.step ?? 0;
  const kept = readKept(join(folder, "evaluations"), lastStep);
  const last = kept.at(-1);
  const aurocs = kept.flatMap(({ step, scores }) => {
    const { value } = evaluateScores({ ...scores, bootstrap: null }).overall.meanAuroc;
    return value === null ? [] : [{ step, value }];
  });
  const hasStarted = existsSync(folder);
  return {
    entry,
    plan,
    seed,
    status: isDone ? "done" : hasFailed ? "failed" : hasStarted ? "unfinished" : "missing",
    steps: lastStep,
    seconds: steps.length === 0 ? null : steps.reduce((sum, { seconds }) => sum + seconds, 0),
    evaluation: isDone && last !== undefined ? evaluateScores(last.scores) : null,
    losses: steps.flatMap(({ step, loss }) => (Number.isFinite(loss) ? [{ step, value: loss }] : [])),
    aurocs,
  };
}

interface Step {
  readonly step: number;
  readonly loss: number;
  readonly seconds: number;
}

/** JSON has null for what is no number. */
const record = v.object({
  step: v.number(),
  loss: v.fallback(v.number(), Number.NaN),
  seconds: v.fallback(v.number(), 0),
});

/** The steps of a log; a last line that was not finished is left out. */
function readSteps(path: string): readonly Step[] {
  return existsSync(path) ? readOwnLines(readFileText(path), record) : [];
}

/** The scores of a training's evaluations, in the order of their steps. */
function readKept(folder: string, lastStep: number) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const step = Number(/^step-(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN);
      const scores = step <= lastStep ? decodeScores(readFileText(join(folder, name))) : null;
      return scores === null ? [] : [{ step, scores }];
    });
}
