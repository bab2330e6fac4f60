import type { Calls, ClassSample } from "../ranking.ts";

/** A number of each class, and what is made of it over all classes. */
export type MetricDefinition = CallMetric | ScoreMetric;

interface Named {
  /** As `results.json` has it. */
  readonly name: string;
  /** As tables have it. */
  readonly title: string;
}

/** A number that depends on what is called present, and so on the threshold. */
export interface CallMetric extends Named {
  readonly from: "calls";
  /** Null where there is no such number. */
  readonly of: (calls: Calls) => number | null;
  readonly overall: readonly OverallMetricOf<Average>[];
}

/** A number of the scores themselves, which no threshold changes. */
export interface ScoreMetric extends Named {
  readonly from: "scores";
  readonly of: (sample: ClassSample) => number | null;
  readonly overall: readonly OverallMetricOf<"macro" | "weighted">[];
}

/** A number over all classes. */
export interface OverallMetricOf<Kind extends Average> extends Named {
  readonly average: Kind;
}

/**
 * How a number over all classes is made, as scikit-learn calls it: the mean over classes, that mean weighted by the examples
 * that have each class, the number of all calls as if they were of one class, or the mean over examples of the number of
 * each one's calls.
 */
export type Average = "macro" | "weighted" | "micro" | "samples";

export function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
