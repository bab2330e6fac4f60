import { at } from "../at.ts";
import { adjust, type Correction } from "./adjust.ts";
import { type BootstrapSettings, type Interval, intervalOf, resample } from "./bootstrap.ts";
import { compareAurocs } from "./delong.ts";
import type { Groups } from "./groups.ts";
import { type ClassMetric, metrics } from "./metrics/index.ts";
import {
  type Bootstrap,
  type Evaluation,
  type Numbers,
  type PreparedEvaluation,
  prepareEvaluation,
  type ScoredExamples,
} from "./results.ts";

/** Runs on the same examples. */
export interface ComparedScores {
  readonly classes: readonly string[];
  readonly labels: readonly (readonly (boolean | null)[])[];
  readonly groups: Groups;
  /** The first is what the others are held against. */
  readonly runs: readonly ComparedRun[];
}

/** What one run has of its own. */
export interface ComparedRun extends Pick<ScoredExamples, "threshold" | "chosen"> {
  /** [examples][classes] */
  readonly scores: readonly ArrayLike<number>[];
}

export interface CompareSettings {
  /** Which number of the classes is compared. */
  readonly metric: ClassMetric;
  readonly correction: Correction;
  readonly bootstrap: BootstrapSettings;
}

/** A number of both runs. */
export interface ComparedMetric {
  readonly name: string;
  readonly title: string;
  readonly values: readonly [number | null, number | null];
  /** The second less the first; null where one of both is missing. */
  readonly difference: number | null;
  /** From paired resamples. */
  readonly interval: Interval | null;
  readonly p: number | null;
}

export interface ComparedClass extends ComparedMetric {
  readonly present: number;
  /** `p` corrected for all classes that have one. */
  readonly adjusted: number | null;
}

export interface RunComparison {
  readonly examples: number;
  readonly metric: ClassMetric;
  /** What the `p` of classes is of; that of numbers over all classes is always of the bootstrap. */
  readonly test: "DeLong" | "bootstrap";
  readonly correction: Correction;
  readonly bootstrap: Bootstrap;
  readonly classes: readonly ComparedClass[];
  readonly overall: readonly ComparedMetric[];
}

/** The evaluation of each run, and how each but the first compares with the first. */
export interface ComparedRuns {
  readonly evaluations: readonly Evaluation[];
  readonly comparisons: readonly RunComparison[];
}

/** Compares runs on the same examples: all see the same resamples, so that what examples have in common cancels. */
export function compareRuns(
  { classes, labels, groups, runs }: ComparedScores,
  settings: CompareSettings,
): ComparedRuns {
  const { bootstrap } = settings;
  const prepared = runs.map((run) => prepareEvaluation({ ...run, classes, labels, groups, bootstrap }));
  const drawn = resample(groups, bootstrap, (weights) => prepared.map(({ measure }) => measure(weights)));
  const drawnOf = (run: number): readonly Numbers[] => drawn.map((each) => at(each, run));
  const sideOf = (run: number): Side => ({ ...at(prepared, run), scores: at(runs, run).scores, drawn: drawnOf(run) });
  return {
    evaluations: prepared.map(({ evaluationFrom }, run) => evaluationFrom(drawnOf(run))),
    comparisons: runs.slice(1).map((_, place) => {
      return compareSides(sideOf(0), sideOf(place + 1), { classes, labels, groups }, settings);
    }),
  };
}

interface Side extends Pick<PreparedEvaluation, "whole">, Pick<ComparedRun, "scores"> {
  readonly drawn: readonly Numbers[];
}

function compareSides(
  first: Side,
  second: Side,
  { classes, labels, groups }: Omit<ComparedScores, "runs">,
  { metric, correction, bootstrap }: CompareSettings,
): RunComparison {
  const compared = (name: string, title: string, of: (one: Numbers) => number | null): ComparedMetric => {
    const differenceOf = (one: Numbers, other: Numbers): number | null => {
      const [a, b] = [of(one), of(other)];
      return a === null || b === null ? null : b - a;
    };
    const difference = differenceOf(first.whole, second.whole);
    const values = [of(first.whole), of(second.whole)] as const;
    if (difference === null) return { name, title, values, difference, interval: null, p: null };
    const differences = first.drawn.map((one, place) => differenceOf(one, at(second.drawn, place)));
    return { name, title, values, difference, interval: intervalOf(differences), p: bootstrapP(differences) };
  };

  const found = classes.map((name, index) => {
    const own = compared(name, name, (one) => at(one.classes, index)[metric]);
    const { present } = at(first.whole.samples, index);
    if (metric !== "auroc" || own.difference === null) return { ...own, present };
    const columnOf = ({ scores }: Side) => Float64Array.from(scores, (row) => at(row, index));
    const known = labels.map((row) => at(row, index));
    const p = compareAurocs(columnOf(first), columnOf(second), known, groups)?.p ?? null;
    return { ...own, present, p };
  });
  const adjusted = adjust(
    found.map(({ p }) => p),
    correction,
  );
  return {
    ...{ examples: labels.length, metric, correction },
    test: metric === "auroc" ? "DeLong" : "bootstrap",
    bootstrap: { ...bootstrap, by: groups.by, groups: groups.count },
    classes: found.map((each, index) => ({ ...each, adjusted: at(adjusted, index) })),
    overall: metrics.flatMap(({ overall }) =>
      overall.map(({ name, title }) => compared(name, title, (one) => one.overall[name])),
    ),
  };
}

/**
 * The least level at which a percentile interval would leave out 0: twice the share of resamples on the other side of it, with one
 * added to both counts, since no number of resamples shows that there is none. Null without resamples.
 */
function bootstrapP(differences: readonly (number | null)[]): number | null {
  const kept = differences.filter((difference) => difference !== null);
  if (kept.length === 0) return null;
  const [low, high] = [kept.filter((value) => value <= 0).length, kept.filter((value) => value >= 0).length];
  return Math.min(1, (2 * (Math.min(low, high) + 1)) / (kept.length + 1));
}
