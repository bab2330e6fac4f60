import { at } from "../at.ts";
import { type BootstrapSettings, type Interval, intervalOf, resample } from "./bootstrap.ts";
import { type ClassMetric, classRules, type OverallMetric, overallRules } from "./metrics.ts";
import { countOutcomes, type Outcomes, type RocPoint, rankScores, rocCorners } from "./ranking.ts";

/** A number with the interval that resamples give it, or why there is no such number: none is neither 0 nor NaN. */
export type Metric =
  | { readonly value: number; readonly interval: Interval | null }
  | { readonly value: null; readonly why: string };

export interface ClassEvaluation {
  readonly name: string;
  /** Examples that have the class, and that do not. */
  readonly present: number;
  readonly absent: number;
  /** Examples without a label for the class, of which no number of the class is made. */
  readonly missing: number;
  /** Examples called present that have the class, and that do not. */
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly metrics: Readonly<Record<ClassMetric, Metric>>;
  /** From nothing to everything called present; empty where the class has no AUROC. */
  readonly roc: readonly RocPoint[];
}

/** What scores are worth, in plain numbers, which JSON keeps as they are. */
export interface Evaluation {
  readonly examples: number;
  /** A class is called present from this score on. */
  readonly threshold: number;
  /** Null where no intervals were asked for. */
  readonly bootstrap: BootstrapSettings | null;
  readonly overall: Readonly<Record<OverallMetric, Metric>>;
  readonly classes: readonly ClassEvaluation[];
}

export interface ScoredExamples {
  readonly classes: readonly string[];
  /** [examples][classes], from 0 to 1. */
  readonly scores: readonly ArrayLike<number>[];
  /** [examples][classes]: whether the example has the class; null where that is not known. */
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** 0.5 where nothing is said. */
  readonly threshold?: number;
  /** 1,000 resamples where nothing is said; null for no intervals. */
  readonly bootstrap?: BootstrapSettings | null;
}

const defaultBootstrap: BootstrapSettings = { resamples: 1000, seed: 0 };

/**
 * Numbers for each class and over all, each with its 95 % interval. A class with a score that is not a finite number has
 * no numbers, and then neither has the whole: a mean that left the class out would look better than the model is. Each class is
 * measured on the examples that have a label for it, and the whole on all labels that there are: means over classes are over
 * those that have any label, and numbers that count calls count those with a label.
 *
 * Throws when scores, labels and classes do not belong to each other in number.
 */
export function evaluateScores({
  classes: names,
  scores,
  labels,
  threshold = 0.5,
  bootstrap = defaultBootstrap,
}: ScoredExamples): Evaluation {
  const uneven = [...scores, ...labels].some((row) => row.length !== names.length);
  if (uneven || scores.length !== labels.length) throw new Error("scores and labels need a column for each class");
  const examples = scores.length;
  const columns = names.map((_, column) => Float64Array.from(scores, (row) => at(row, column)));
  const broken = columns.map(whyBroken);
  const rankings = columns.map((column, index) => {
    const finite = broken[index] === null ? column : new Float64Array(examples);
    return rankScores(
      finite,
      labels.map((row) => at(row, index)),
      threshold,
    );
  });
  const outcomes = rankings.map((ranking) => countOutcomes(ranking, new Int32Array(examples).fill(1)));
  const resamples = bootstrap === null || examples === 0 ? [] : resample(rankings, examples, bootstrap);

  const classes = rankings.map((ranking, index): ClassEvaluation => {
    const name = at(names, index);
    const counted = at(outcomes, index);
    const measure = (metric: ClassMetric): Metric => {
      const rule = classRules[metric];
      const value = rule(counted);
      const why = broken[index] ?? null;
      if (value === null || why !== null) return { value: null, why: why ?? whyNone(counted, examples) };
      return { value, interval: intervalOf(resamples.map((drawn) => rule(at(drawn, index)))) };
    };
    const auroc = measure("auroc");
    const { present, absent, truePositives, falsePositives } = counted;
    return {
      ...{ name, present, absent, missing: examples - present - absent, truePositives, falsePositives },
      metrics: { auroc, accuracy: measure("accuracy"), precision: measure("precision"), f1: measure("f1") },
      roc: auroc.value === null ? [] : rocCorners(ranking),
    };
  });

  // A mean is over the same classes in every resample, or it would move with which of them happen to occur.
  const hasAuroc = (_: Outcomes, index: number): boolean => classes[index]?.metrics.auroc.value !== null;
  const hasLabel = (_: Outcomes, index: number): boolean => at(classes, index).missing < examples;
  const firstBroken = broken.findIndex((why) => why !== null);
  const measure = (metric: OverallMetric): Metric => {
    const rule = (all: readonly Outcomes[]): number | null =>
      overallRules[metric](all.filter(metric === "meanAuroc" ? hasAuroc : hasLabel));
    const value = rule(outcomes);
    const why = firstBroken < 0 ? null : `${names[firstBroken]}: ${broken[firstBroken]}`;
    if (value === null || why !== null)
      return { value: null, why: why ?? whyNoneOverall(metric, examples, names.length) };
    return { value, interval: intervalOf(resamples.map(rule)) };
  };
  const overall = {
    meanAuroc: measure("meanAuroc"),
    accuracy: measure("accuracy"),
    macroF1: measure("macroF1"),
    microF1: measure("microF1"),
    macroPrecision: measure("macroPrecision"),
    microPrecision: measure("microPrecision"),
  };
  return { examples, threshold, bootstrap, overall, classes };
}

function whyBroken(scores: Float64Array): string | null {
  const count = scores.filter((score) => !Number.isFinite(score)).length;
  return count === 0 ? null : `${count} of ${scores.length} scores are not finite numbers`;
}

function whyNone({ present, absent }: Outcomes, examples: number): string {
  if (examples === 0) return "there are no examples";
  if (present + absent === 0) return "no example has a label for it";
  return present === 0 ? `never occurs among ${absent}` : `occurs in all ${present}`;
}

function whyNoneOverall(metric: OverallMetric, examples: number, classes: number): string {
  if (examples === 0) return "there are no examples";
  if (classes === 0) return "there are no classes";
  return metric === "meanAuroc" ? "no class has an AUROC" : "no class has a label";
}
