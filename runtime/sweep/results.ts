import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type BestBy, bestByLoss, type Plan } from "../../compiler/index.ts";
import {
  decodeStepEvaluation,
  type Evaluation,
  evaluateScores,
  isBetter,
  numberOf,
  type StepEvaluation,
} from "../evaluate/index.ts";
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

/** What the spec of an entry comes to. */
export interface CompiledEntry {
  readonly plan: Plan;
  /** By which number its trainings tell their best checkpoint. */
  readonly bestBy: BestBy;
}

/** The best evaluation of a training, by the name of the number that tells it. */
export interface BestValue extends StepValue {
  readonly name: string;
  /** Which values of it are better. */
  readonly direction: BestBy["direction"];
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
  /** Null for a run that is not done, and where no number that tells it was measured. */
  readonly best: BestValue | null;
  /** After the last step, of a run that is done. */
  readonly validationLoss: number | null;
  readonly losses: readonly StepValue[];
  /** The loss on held-out examples at the steps that were evaluated. */
  readonly validationLosses: readonly StepValue[];
  /** Mean AUROC at the steps that were evaluated. */
  readonly aurocs: readonly StepValue[];
}

/** Reads what a run has left. A run that is not done has curves and no numbers: they would look like those of the others. */
export function readRun(
  root: string,
  entry: ManifestEntry,
  { plan, bestBy }: CompiledEntry,
  seed: number,
  hasFailed: boolean,
): RunResult {
  const folder = runFolder(root, entry.name, seed);
  const isDone = isFinished(folder);
  const steps = readSteps(join(folder, "metrics.jsonl"));
  // Before the first step a run is at step 0, and may have been evaluated there.
  const lastStep = steps.at(-1)?.step ?? 0;
  const kept = readKept(join(folder, "evaluations"), lastStep);
  const last = kept.findLast(({ scores }) => scores !== null)?.scores ?? null;
  // Once more without intervals, which take the most time by far.
  const evaluations = kept.map(({ step, scores, loss }): StepEvaluation & { readonly step: number } => {
    return { step, scored: scores === null ? null : evaluateScores({ ...scores, bootstrap: null }), loss };
  });
  const valuesOf = (of: (evaluation: StepEvaluation) => number | null | undefined): readonly StepValue[] =>
    evaluations.flatMap((evaluation) => {
      const value = of(evaluation) ?? Number.NaN;
      return Number.isFinite(value) ? [{ step: evaluation.step, value }] : [];
    });
  // As a training does where its data have no labels to score.
  const by = bestBy.kind === "scores" && last === null ? bestByLoss : bestBy;
  const values = valuesOf((evaluation) => numberOf(evaluation, by));
  const best = values.reduce<StepValue | null>(
    (found, each) => (isBetter(each.value, found?.value ?? null, by) ? each : found),
    null,
  );
  const validationLosses = valuesOf(({ loss }) => loss?.values.get("loss"));
  const hasStarted = existsSync(folder);
  return {
    entry,
    plan,
    seed,
    status: isDone ? "done" : hasFailed ? "failed" : hasStarted ? "unfinished" : "missing",
    steps: lastStep,
    seconds: steps.length === 0 ? null : steps.reduce((sum, { seconds }) => sum + seconds, 0),
    evaluation: isDone && last !== null ? evaluateScores(last) : null,
    best: isDone && best !== null ? { name: by.name, direction: by.direction, ...best } : null,
    validationLoss: isDone ? (validationLosses.at(-1)?.value ?? null) : null,
    losses: steps.flatMap(({ step, loss }) => (Number.isFinite(loss) ? [{ step, value: loss }] : [])),
    validationLosses,
    aurocs: valuesOf(({ scored }) => scored?.overall.meanAuroc.value),
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

/** What is kept of a training's evaluations, in the order of their steps. */
function readKept(folder: string, lastStep: number) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const step = Number(/^step-(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN);
      const kept = step <= lastStep ? decodeStepEvaluation(readFileText(join(folder, name))) : null;
      return kept === null ? [] : [{ step, ...kept }];
    });
}
