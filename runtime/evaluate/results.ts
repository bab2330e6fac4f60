import { at } from "../at.ts";
import { type BootstrapSettings, type Interval, intervalOf, resample } from "./bootstrap.ts";
import { eachByItself, type Groups } from "./groups.ts";
import { type Measured, measureOf, type RankedClass } from "./measure.ts";
import {
  type ClassMetric,
  classMetricNames,
  metricNamed,
  metrics,
  type OverallMetric,
  overallMetricNames,
  recordOf,
} from "./metrics/index.ts";
import { type Calls, calledFrom, type RocPoint, rankScores, rocCorners } from "./ranking.ts";
import { chooseThreshold, type Threshold, type ThresholdPolicy } from "./thresholds.ts";

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
  /** How many different scores there are: one alone tells nothing apart. */
  readonly differentScores: number;
  /** The class is called present from this score on; null where it has no threshold. */
  readonly threshold: number | null;
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
  readonly threshold: ThresholdPolicy;
  /** Null where no intervals were asked for. */
  readonly bootstrap: Bootstrap | null;
  readonly overall: Readonly<Record<OverallMetric, Metric>>;
  readonly classes: readonly ClassEvaluation[];
}

/** How intervals were made: of so many groups, each a patient, a scan, a volume, or what a column says. */
export interface Bootstrap extends BootstrapSettings {
  readonly by: string;
  readonly groups: number;
}

export interface ScoredExamples {
  readonly classes: readonly string[];
  /** [examples][classes], from 0 to 1. */
  readonly scores: readonly ArrayLike<number>[];
  /** [examples][classes]: whether the example has the class; null where that is not known. */
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** 0.5 where nothing is said. */
  readonly threshold?: ThresholdPolicy;
  /** By class, where they were chosen before: on other volumes, or on these in an evaluation that is read again. */
  readonly chosen?: readonly Threshold[];
  /** Each example by itself where nothing is said. */
  readonly groups?: Groups;
  /** 1,000 resamples where nothing is said; null for no intervals. */
  readonly bootstrap?: BootstrapSettings | null;
}

export const defaultThreshold: ThresholdPolicy = { kind: "fixed", value: 0.5 };
export const defaultBootstrap: BootstrapSettings = { resamples: 1000, seed: 0 };

/**
 * Numbers for each class and over all, each with its 95 % interval. A class with a score that is not a finite number has
 * no numbers, and then neither has the whole: a mean that left the class out would look better than the model is. Each class is
 * measured on the examples that have a label for it, and the whole on all labels that there are: means over classes are over
 * those that have the number, and numbers that count calls count those with a label.
 *
 * Throws when scores, labels and classes do not belong to each other in number.
 */
export function evaluateScores(scored: ScoredExamples): Evaluation {
  const examples = scored.scores.length;
  const { bootstrap = defaultBootstrap, groups = eachByItself(examples) } = scored;
  const { measure, evaluationFrom } = prepareEvaluation(scored);
  return evaluationFrom(bootstrap === null || examples === 0 ? [] : resample(groups, bootstrap, measure));
}

/** An evaluation before its resamples, so that those of several can be drawn together. */
export interface PreparedEvaluation {
  /** The numbers on the whole data set, and how many examples have and lack each class. */
  readonly whole: Numbers & Pick<Measured, "samples">;
  readonly measure: (weights: Int32Array) => Numbers;
  /** The evaluation, with intervals from what `measure` gave under each resample. */
  readonly evaluationFrom: (drawn: readonly Numbers[]) => Evaluation;
}

/** What is kept of a resample: its counts by score would be gigabytes. */
export type Numbers = Pick<Measured, "classes" | "overall">;

export function prepareEvaluation(scored: ScoredExamples): PreparedEvaluation {
  const { classes: names, threshold = defaultThreshold, bootstrap = defaultBootstrap } = scored;
  const examples = scored.scores.length;
  const { groups = eachByItself(examples) } = scored;
  checkShape(scored);
  const thresholds = thresholdsOf(scored);
  const { ranked, broken } = rankClasses(scored, (index) => at(thresholds, index).value);
  const measureAll = measureOf(ranked, examples);
  const firstBroken = broken.findIndex((why) => why !== null);
  const measure = (weights: Int32Array): Numbers & Pick<Measured, "samples"> => {
    const { samples, classes, overall } = measureAll(weights);
    return {
      samples,
      classes: classes.map((own, index) => (at(broken, index) === null ? own : recordOf(classMetricNames, () => null))),
      overall: firstBroken < 0 ? overall : recordOf(overallMetricNames, () => null),
    };
  };
  const whole = measure(new Int32Array(examples).fill(1));

  const evaluationFrom = (drawn: readonly Numbers[]): Evaluation => {
    const classes = ranked.map((_, index): ClassEvaluation => {
      const sample = at(whole.samples, index);
      const own = at(thresholds, index);
      const found = recordOf(classMetricNames, (metric): Metric => {
        const value = at(whole.classes, index)[metric];
        if (value === null) return { value, why: at(broken, index) ?? whyNone(metric, sample, own, examples) };
        return { value, interval: intervalOf(drawn.map((each) => at(each.classes, index)[metric])) };
      });
      const { present, absent, truePositives, falsePositives } = sample;
      return {
        name: at(names, index),
        ...{ present, absent, missing: examples - present - absent, differentScores: sample.scores.length },
        threshold: own.value,
        ...{ truePositives, falsePositives, metrics: found },
        roc: found.auroc.value === null ? [] : rocCorners(sample),
      };
    });
    const overall = recordOf(overallMetricNames, (metric): Metric => {
      const value = whole.overall[metric];
      const why = firstBroken < 0 ? null : `${names[firstBroken]}: ${broken[firstBroken]}`;
      if (value === null) return { value, why: why ?? whyNoneOverall(metric, classes, examples) };
      return { value, interval: intervalOf(drawn.map((each) => each.overall[metric])) };
    });
    const { by, count } = groups;
    return { examples, threshold, bootstrap: bootstrap && { ...bootstrap, by, groups: count }, overall, classes };
  };
  return {
    whole,
    measure: (weights) => {
      const { classes, overall } = measure(weights);
      return { classes, overall };
    },
    evaluationFrom,
  };
}

/** The thresholds of the classes. */
function thresholdsOf({ classes, scores, labels, threshold = defaultThreshold, chosen }: ScoredExamples) {
  return classes.map((_, index): Threshold => {
    if (chosen !== undefined) return at(chosen, index);
    if (threshold.kind === "fixed") return { value: threshold.value };
    if (threshold.on === null) {
      const values = Float64Array.from(scores, (row) => at(row, index));
      return chooseThreshold(
        threshold,
        values,
        labels.map((row) => at(row, index)),
      );
    }
    throw new Error("invariant: thresholds of other volumes are given");
  });
}

/**
 * The classes of scored examples, ready to be measured, with a threshold each, or none; `broken` says why a class has no numbers.
 */
function rankClasses(
  { classes, scores, labels }: Pick<ScoredExamples, "classes" | "scores" | "labels">,
  thresholds: (index: number) => number | null,
): { readonly ranked: readonly RankedClass[]; readonly broken: readonly (string | null)[] } {
  const columns = classes.map((_, index) => Float64Array.from(scores, (row) => at(row, index)));
  const broken = columns.map(whyBroken);
  const ranked = columns.map((values, index) => {
    const finite = broken[index] === null ? values : new Float64Array(values.length);
    const ranking = rankScores(
      finite,
      labels.map((row) => at(row, index)),
    );
    const own = thresholds(index);
    return { ranking, called: own === null ? null : calledFrom(ranking, own) };
  });
  return { ranked, broken };
}

function checkShape({ classes, scores, labels }: ScoredExamples): void {
  const uneven = [...scores, ...labels].some((row) => row.length !== classes.length);
  if (uneven || scores.length !== labels.length) throw new Error("scores and labels need a column for each class");
}

function whyBroken(scores: Float64Array): string | null {
  const count = scores.filter((score) => !Number.isFinite(score)).length;
  return count === 0 ? null : `${count} of ${scores.length} scores are not finite numbers`;
}

function whyNone(name: ClassMetric, { present, absent }: Calls, threshold: Threshold, examples: number): string {
  if (examples === 0) return "there are no examples";
  if (present + absent === 0) return "no example has a label for it";
  if (metricNamed(name).from === "calls" && threshold.value === null) return `no threshold: ${threshold.why}`;
  return present === 0 ? `never occurs among ${absent}` : `occurs in all ${present}`;
}

function whyNoneOverall(name: OverallMetric, classes: readonly ClassEvaluation[], examples: number): string {
  if (examples === 0) return "there are no examples";
  if (classes.length === 0) return "there are no classes";
  if (classes.every(({ missing }) => missing === examples)) return "no class has a label";
  const of = metrics.find(({ overall }) => overall.some((each) => each.name === name));
  return of?.name === "auroc" ? "no class has an AUROC" : `no class has this number (${of?.title ?? name})`;
}
