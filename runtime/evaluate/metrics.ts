import type { EvaluationMetric } from "../../compiler/index.ts";
import type { Outcomes } from "./ranking.ts";

/** The numbers of a class with their titles, in the order in which they are shown. */
export const classMetrics = [
  ["auroc", "AUROC"],
  ["accuracy", "accuracy"],
  ["precision", "precision"],
  ["f1", "F1"],
] as const;

export type ClassMetric = (typeof classMetrics)[number][0];

/** The numbers over all classes with their titles, in the order in which they are shown. */
export const overallMetrics = [
  ["meanAuroc", "mean AUROC"],
  ["accuracy", "accuracy"],
  ["macroF1", "macro F1"],
  ["microF1", "micro F1"],
  ["macroPrecision", "macro precision"],
  ["microPrecision", "micro precision"],
] as const;

export type OverallMetric = (typeof overallMetrics)[number][0];

/** The numbers over all classes, as a spec calls them. */
export const specMetrics: Readonly<Record<EvaluationMetric, OverallMetric>> = {
  mean_auroc: "meanAuroc",
  accuracy: "accuracy",
  macro_f1: "macroF1",
  micro_f1: "microF1",
  macro_precision: "macroPrecision",
  micro_precision: "microPrecision",
};

/**
 * The numbers of one class, as scikit-learn has them with `zero_division=0`: precision and F1 are 0 where nothing is
 * called present. (CT-CLIP's own scripts have the same AUROC, but choose a threshold for each class on the scores that
 * they then measure, and weigh the F1 of presence and of absence: their accuracy and F1 are not these.) Null where there is
 * no such number: an AUROC needs an example with the class and one without, and everything needs an example.
 */
export const classRules: Readonly<Record<ClassMetric, (outcomes: Outcomes) => number | null>> = {
  auroc: ({ twiceOrdered, present, absent }) => share(twiceOrdered, 2 * present * absent),
  accuracy: (outcomes) => share(rightCalls(outcomes), examplesOf(outcomes)),
  precision: (outcomes) => (examplesOf(outcomes) === 0 ? null : precision(outcomes)),
  f1: (outcomes) => (examplesOf(outcomes) === 0 ? null : f1(outcomes)),
};

/**
 * The numbers of all classes together: macro numbers are means over classes, micro ones count the calls of all classes as
 * if they were of one, and so does the accuracy, which is then called flat.
 */
export const overallRules: Readonly<Record<OverallMetric, (classes: readonly Outcomes[]) => number | null>> = {
  meanAuroc: (classes) => mean(classes.map(classRules.auroc)),
  accuracy: (classes) => classRules.accuracy(sum(classes)),
  macroF1: (classes) => mean(classes.map(classRules.f1)),
  microF1: (classes) => classRules.f1(sum(classes)),
  macroPrecision: (classes) => mean(classes.map(classRules.precision)),
  microPrecision: (classes) => classRules.precision(sum(classes)),
};

function examplesOf({ present, absent }: Outcomes): number {
  return present + absent;
}

function rightCalls({ truePositives, absent, falsePositives }: Outcomes): number {
  return truePositives + absent - falsePositives;
}

function precision({ truePositives, falsePositives }: Outcomes): number {
  return share(truePositives, truePositives + falsePositives) ?? 0;
}

function f1({ present, truePositives, falsePositives }: Outcomes): number {
  return share(2 * truePositives, present + truePositives + falsePositives) ?? 0;
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Null where one of the values is, and where there is none. */
function mean(values: readonly (number | null)[]): number | null {
  let total = 0;
  for (const value of values) {
    if (value === null) return null;
    total += value;
  }
  return share(total, values.length);
}

/** Pairs across classes say nothing, so none is counted. */
function sum(classes: readonly Outcomes[]): Outcomes {
  const total = { present: 0, absent: 0, truePositives: 0, falsePositives: 0, twiceOrdered: 0 };
  for (const { present, absent, truePositives, falsePositives } of classes) {
    total.present += present;
    total.absent += absent;
    total.truePositives += truePositives;
    total.falsePositives += falsePositives;
  }
  return total;
}
