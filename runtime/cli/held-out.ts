import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { TracedSpec } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import type { Engine } from "../backends/index.ts";
import { type DataProblem, type Dataset, openDataset } from "../data/index.ts";
import { decodeScores, type Evaluation, evaluateScores, type KeptScores, scoreVolumes } from "../evaluate/index.ts";
import { errorCode, readFileText } from "../files/index.ts";
import { type DataOptions, type OpenedData, showProblems } from "./open-data.ts";
import type { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The held-out volumes of a data set with their labels; null, after saying so, where there is nothing to evaluate on. `wrong`
 * where some of it is, and bad files are not to be skipped.
 */
export async function openHeldOut(
  spec: TracedSpec,
  options: DataOptions,
  terminal: Terminal,
): Promise<Dataset | null | "wrong"> {
  const { image, text, classes } = spec.evaluation;
  const unsaid = image === null || text === null ? "the latents" : classes.length === 0 ? "the classes" : null;
  if (unsaid !== null) {
    terminal.err(`note: nothing is evaluated: the \`eval\` block does not name ${unsaid}\n`);
    return null;
  }
  const dataset = await openDataset(options.data, spec.data, { reports: false, labels: classes, split: "valid" });
  // A folder without held-out volumes or without labels is no mistake; a table that says something wrong is one.
  const isWithout = dataset.problems.every(({ file }) => file === options.data);
  if (dataset.examples.length === 0 && (isWithout || options.skipBad)) {
    const why = dataset.problems.find(({ file }) => file === options.data) ?? dataset.problems[0];
    const reason = why === undefined ? "no volume is held out" : `${why.file}: ${why.rule}`;
    terminal.err(`note: nothing is evaluated: ${printable(reason)}\n`);
    return null;
  }
  return showProblems(dataset, options, terminal) ? dataset : "wrong";
}

/** What an evaluation came to. */
export type HeldOutEvaluation =
  | {
      readonly kind: "evaluated";
      readonly scores: KeptScores;
      readonly evaluation: Evaluation;
      readonly skipped: readonly DataProblem[];
    }
  | { readonly kind: "wrong"; readonly problem: DataProblem }
  | { readonly kind: "stopped" };

/** Evaluates what an engine has learned on held-out volumes. */
export async function evaluateHeldOut(
  engine: Engine,
  spec: TracedSpec,
  { examples }: Dataset,
  { inputs, tokenizer, loader }: OpenedData,
  { skipBad }: DataOptions,
  progress: Progress,
  isStopped: () => boolean,
): Promise<HeldOutEvaluation> {
  const { classes } = spec.evaluation;
  const scored = await scoreVolumes(examples, {
    engine,
    settings: spec.evaluation,
    inputs,
    tokenizer,
    loader,
    rows: spec.settings.microBatch,
    skipBad,
    tell: (done) => progress.say(`evaluating ${done} of ${examples.length}`),
    isStopped,
  });
  if (scored.kind !== "scored") return scored;
  const names = scored.examples.map(({ name }) => name);
  const labels = scored.examples.map((example) => classes.map((name) => example.labels?.get(name) ?? false));
  const scores = { classes, names, scores: scored.scores, labels };
  return { kind: "evaluated", scores, evaluation: evaluateScores(scores), skipped: scored.skipped };
}

/** The name of the file that the scores of a step are kept in, so that a training that goes on has its evaluations too. */
export function scoresFile(step: number): string {
  return `step-${String(step).padStart(8, "0")}.json`;
}

/**
 * The evaluations of a training up to a step, by their steps, from the folder that they are kept in. What is no such file is
 * made again; throws what the file system says.
 */
export function readEvaluations(folder: string, lastStep: number): Map<number, Evaluation> {
  const evaluations = new Map<number, Evaluation>();
  for (const name of namesIn(folder).sort()) {
    const step = Number(/^step-(\d{8,16})\.json$/.exec(name)?.[1] ?? Number.NaN);
    const kept = step <= lastStep ? decodeScores(readFileText(join(folder, name))) : null;
    if (kept !== null) evaluations.set(step, evaluateScores(kept));
  }
  return evaluations;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
