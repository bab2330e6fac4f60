import { at } from "../at.ts";
import { adjust, type Correction } from "./adjust.ts";
import { type BootstrapSettings, type Interval, intervalOf, resample } from "./bootstrap.ts";
import { compareAurocs } from "./delong.ts";
import type { Groups } from "./groups.ts";
import { measureOf } from "./measure.ts";
import { type ClassMetric, metrics } from "./metrics/index.ts";
import { type Bootstrap, rankClasses } from "./results.ts";

/** Two runs on the same examples. */
export interface ComparedScores {
  readonly classes: readonly string[];
  /** [examples][classes] of the first run, and of the second. */
  readonly scores: readonly [readonly ArrayLike<number>[], readonly ArrayLike<number>[]];
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** Of each run the score from which on each class is called present; null where it has none. */
  readonly thresholds: readonly [readonly (number | null)[], readonly (number | null)[]];
  readonly groups: Groups;
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

/** Compares two runs on the same examples: both see the same resamples, so that what examples have in common cancels. */
export function compareRuns(
  { classes, scores, labels, thresholds, groups }: ComparedScores,
  { metric, correction, bootstrap }: CompareSettings,
): RunComparison {
  const examples = labels.length;
  const measures = scores.map((own, run) => {
    const ofRun = at(thresholds, run);
    return measureOf(rankClasses({ classes, scores: own, labels }, (index) => at(ofRun, index)).ranked, examples);
  });
  const under = (weights: Int32Array) => measures.map((measure) => measure(weights));
  const whole = under(new Int32Array(examples).fill(1));
  const drawn = resample(groups, bootstrap, under);
  type Both = typeof whole;

  const compared = (name: string, title: string, of: (one: Both[number]) => number | null): ComparedMetric => {
    const differenceOf = (both: Both): number | null => {
      const [first, second] = [of(at(both, 0)), of(at(both, 1))];
      return first === null || second === null ? null : second - first;
    };
    const difference = differenceOf(whole);
    const values = [of(at(whole, 0)), of(at(whole, 1))] as const;
    if (difference === null) return { name, title, values, difference, interval: null, p: null };
    const differences = drawn.map(differenceOf);
    return { name, title, values, difference, interval: intervalOf(differences), p: bootstrapP(differences) };
  };

  const found = classes.map((name, index) => {
    const own = compared(name, name, (one) => at(one.classes, index)[metric]);
    const { present } = at(at(whole, 0).samples, index);
    if (metric !== "auroc" || own.difference === null) return { ...own, present };
    const columns = scores.map((rows) => Float64Array.from(rows, (row) => at(row, index)));
    const known = labels.map((row) => at(row, index));
    const p = compareAurocs(at(columns, 0), at(columns, 1), known, groups)?.p ?? null;
    return { ...own, present, p };
  });
  const adjusted = adjust(
    found.map(({ p }) => p),
    correction,
  );
  return {
    ...{ examples, metric, correction },
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
