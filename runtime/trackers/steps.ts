import { readdirSync } from "node:fs";
import { join } from "node:path";
import { decodeStepEvaluation, type Evaluation, evaluateScores, loggedValues } from "../evaluate/index.ts";
import { attempt, kindOfPath, readFileText, readLines } from "../files/index.ts";
import { metricsFile, parseStep, readEventTimes } from "../train/index.ts";
import type { TrackedStep } from "./tracked-run.ts";

/** Bytes of an evaluation's file that is read: scores of some hundred thousand volumes. */
const largestEvaluation = 2 ** 26;

/** What a run logged, before its steps are read one by one. */
export interface LoggedRun {
  /** What was logged first. How long that took is in it, which is the same of no two runs but a copy. */
  readonly first: string;
  readonly names: ReadonlySet<string>;
  /** Seconds since 1970 of the first step. */
  readonly startedAt: number;
  readonly steps: () => Iterable<TrackedStep>;
}

/** What a run logged; null before its first step is done. `startedAt` is used where its log for TensorBoard is missing. */
export function readLogged(folder: string, startedAt: number): LoggedRun | null {
  const path = join(folder, metricsFile);
  let [first, lastStep] = ["", 0];
  const names = new Set<string>();
  for (const line of logLines(path)) {
    const logged = parseStep(line);
    if (logged === null || logged.step <= lastStep) continue;
    if (first === "") first = line;
    lastStep = logged.step;
    for (const [name] of logged.values) names.add(`train/${name}`);
  }
  if (first === "") return null;
  const evaluations = readEvaluations(join(folder, "evaluations"), lastStep);
  for (const values of evaluations.values()) for (const name of values.keys()) names.add(name);
  const times = readEventTimes(join(folder, "events"));
  const known = times.find((seconds) => Number.isFinite(seconds));
  return {
    first,
    names,
    startedAt: known ?? startedAt,
    // Of a run that goes on there may be more by then.
    steps: () => stepsOf(path, lastStep, evaluations, times, known ?? startedAt),
  };
}

/** A run that was only evaluated has no log yet. */
function logLines(path: string): Iterable<string> {
  return kindOfPath(path) === "absent" ? [] : readLines(path);
}

function* stepsOf(
  path: string,
  lastStep: number,
  evaluations: ReadonlyMap<number, ReadonlyMap<string, number>>,
  times: Float64Array,
  startedAt: number,
): Generator<TrackedStep, void, undefined> {
  const waiting = [...evaluations].sort(([a], [b]) => a - b);
  let last = { step: -1, seconds: startedAt };
  const timed = (step: number, values: ReadonlyMap<string, number>): TrackedStep => {
    // Where the time of a step is not known, it is that of the one before and what the step took.
    const seconds = times[step] ?? Number.NaN;
    last = { step, seconds: Number.isFinite(seconds) ? seconds : last.seconds + (values.get("train/seconds") ?? 0) };
    return { ...last, values };
  };
  for (const line of readLines(path)) {
    const logged = parseStep(line);
    if (logged === null || logged.step <= last.step) continue;
    const { step } = logged;
    if (step > lastStep) return;
    while (waiting[0] !== undefined && waiting[0][0] < step) {
      const [evaluated, values] = waiting[0];
      waiting.shift();
      if (evaluated > last.step) yield timed(evaluated, values);
    }
    const values = new Map(logged.values.map(([name, value]) => [`train/${name}`, value] as const));
    yield timed(step, new Map([...values, ...(evaluations.get(step) ?? [])]));
  }
}

/**
 * What was measured on held-out data, up to a step, by the names that TensorBoard has them under. The last evaluation has the ends of
 * the 95 % intervals, too; drawing them for each takes long.
 */
function readEvaluations(folder: string, lastStep: number): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const names = attempt(folder, () => readdirSync(folder));
  const steps = (names.kind === "ok" ? names.value : [])
    .flatMap((name) => {
      const step = Number(/^step-(\d{8,16})\.json$/.exec(name)?.[1] ?? Number.NaN);
      return step <= lastStep ? [{ step, path: join(folder, name) }] : [];
    })
    .sort((a, b) => a.step - b.step);
  const found = new Map<number, ReadonlyMap<string, number>>();
  for (const [place, { step, path }] of steps.entries()) {
    const kept = decodeStepEvaluation(readFileText(path, largestEvaluation));
    if (kept === null) continue;
    const isLast = place === steps.length - 1;
    const scored =
      kept.scores === null ? null : evaluateScores(isLast ? kept.scores : { ...kept.scores, bootstrap: null });
    const intervals = scored === null ? [] : intervalsOf(scored);
    found.set(step, new Map([...loggedValues({ scored, loss: kept.loss }), ...intervals]));
  }
  return found;
}

/** `valid/meanAuroc/low` and `valid/auroc/Emphysema/high`, of the numbers that are logged. */
function intervalsOf({ overall, classes }: Evaluation): readonly (readonly [string, number])[] {
  const measured = [
    ...Object.entries(overall).map(([name, metric]) => [`valid/${name}`, metric] as const),
    ...classes.map(({ name, metrics }) => [`valid/auroc/${name}`, metrics.auroc] as const),
  ];
  return measured.flatMap(([name, metric]) => {
    if (metric.value === null || metric.interval === null) return [];
    return [[`${name}/low`, metric.interval.low] as const, [`${name}/high`, metric.interval.high] as const];
  });
}
