import { at } from "../at.ts";
import {
  type Average,
  type ClassMetric,
  classMetricNames,
  type ListedMetric,
  metricNamed,
  metrics,
  type OverallMetric,
  overallMetricNames,
  recordOf,
} from "./metrics/index.ts";
import { type Calls, type ClassSample, countSample, type Ranking } from "./ranking.ts";

/** A class as it is measured under any weights. */
export interface RankedClass {
  readonly ranking: Ranking;
  /** How many of its different scores are called present; null where it has no threshold. */
  readonly called: number | null;
}

/** Every number under some weights; null where there is none. */
export interface Measured {
  readonly samples: readonly ClassSample[];
  readonly classes: readonly Readonly<Record<ClassMetric, number | null>>[];
  readonly overall: Readonly<Record<OverallMetric, number | null>>;
}

/**
 * What measures all metrics of some classes on a data set under any weights. Numbers over all classes are of those classes that
 * have the number on the whole data set, in every resample, or they would move with the classes that happen to occur.
 */
export function measureOf(classes: readonly RankedClass[], examples: number): (weights: Int32Array) => Measured {
  const whole = measureClasses(classes, new Int32Array(examples).fill(1)).values;
  const plans = metrics.flatMap((metric) => {
    const included = [...whole.keys()].filter((index) => at(whole, index)[metric.name] !== null);
    return metric.overall.map(({ name, average }) => ({
      ...{ name, average, metric, included },
      byExample: average === "samples" ? byExample(metric, classes, included, examples) : [],
    }));
  });
  const planOf = new Map(plans.map((plan) => [plan.name, plan]));
  return (weights) => {
    const { samples, values } = measureClasses(classes, weights);
    const overall = recordOf(overallMetricNames, (name) => {
      const plan = planOf.get(name);
      if (plan === undefined) throw new Error("invariant: each number over all classes is of a metric");
      const { average, metric, included } = plan;
      const own = included.map((index) => at(values, index)[metric.name]);
      const counted = included.map((index) => at(samples, index));
      return averageOf(average, metric, own, counted, plan.byExample, weights);
    });
    return { samples, classes: values, overall };
  };
}

function measureClasses(classes: readonly RankedClass[], weights: Int32Array) {
  const samples = classes.map(({ ranking, called }) => countSample(ranking, called ?? 0, weights));
  const values = samples.map((sample, index) => {
    const hasThreshold = at(classes, index).called !== null;
    return recordOf(classMetricNames, (name) => {
      const metric = metricNamed(name);
      return metric.from === "calls" && !hasThreshold ? null : metric.of(sample);
    });
  });
  return { samples, values };
}

function averageOf(
  average: Average,
  metric: ListedMetric,
  values: readonly (number | null)[],
  samples: readonly ClassSample[],
  examples: readonly ValuedExamples[],
  weights: Int32Array,
): number | null {
  switch (average) {
    case "macro":
      return weightedMean(
        values,
        values.map(() => 1),
      );
    case "weighted":
      return weightedMean(
        values,
        samples.map(({ present }) => present),
      );
    case "micro":
      return values.length === 0 || metric.from !== "calls" ? null : metric.of(together(samples));
    case "samples":
      return weightedMean(
        examples.map(({ value }) => value),
        examples.map(({ places }) => places.reduce((sum, example) => sum + at(weights, example), 0)),
      );
  }
}

/**
 * Null where one of the values is, and where nothing weighs anything. Summed from the smallest on, so that the order of classes and
 * of examples changes nothing, the last bit included.
 */
function weightedMean(values: readonly (number | null)[], weights: readonly number[]): number | null {
  const parts = new Float64Array(values.length);
  let whole = 0;
  for (const [place, value] of values.entries()) {
    if (value === null) return null;
    const weight = at(weights, place);
    parts[place] = weight * value;
    whole += weight;
  }
  return whole === 0 ? null : parts.sort().reduce((sum, part) => sum + part, 0) / whole;
}

/** Examples whose own calls give the same number. */
interface ValuedExamples {
  readonly value: number;
  readonly places: readonly number[];
}

/** What a metric gives of the calls of each example, of which each class has one. */
function byExample(
  metric: ListedMetric,
  classes: readonly RankedClass[],
  included: readonly number[],
  examples: number,
): readonly ValuedExamples[] {
  if (metric.from !== "calls") return [];
  const calls = Array.from({ length: examples }, () => ({
    present: 0,
    absent: 0,
    truePositives: 0,
    falsePositives: 0,
  }));
  for (const index of included) {
    const { ranking, called } = at(classes, index);
    for (const [place, example] of ranking.examples.entries()) {
      const own = at(calls, example);
      const isCalled = at(ranking.scorePlaces, place) < (called ?? 0);
      if (ranking.present[place] === 1) {
        own.present++;
        if (isCalled) own.truePositives++;
      } else {
        own.absent++;
        if (isCalled) own.falsePositives++;
      }
    }
  }
  const places = new Map<number, number[]>();
  for (const [example, own] of calls.entries()) {
    const value = metric.of(own);
    if (value === null) continue;
    const others = places.get(value);
    if (others === undefined) places.set(value, [example]);
    else others.push(example);
  }
  return [...places].map(([value, own]) => ({ value, places: own }));
}

/** The calls of all classes as if they were of one. */
function together(samples: readonly Calls[]): Calls {
  const total = { present: 0, absent: 0, truePositives: 0, falsePositives: 0 };
  for (const { present, absent, truePositives, falsePositives } of samples) {
    total.present += present;
    total.absent += absent;
    total.truePositives += truePositives;
    total.falsePositives += falsePositives;
  }
  return total;
}
