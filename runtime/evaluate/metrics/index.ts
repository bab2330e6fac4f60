import type { EvaluationMetric } from "../../../compiler/index.ts";
import { accuracy } from "./accuracy.ts";
import { auroc } from "./auroc.ts";
import { averagePrecision } from "./average-precision.ts";
import { balancedAccuracy } from "./balanced-accuracy.ts";
import { brier } from "./brier.ts";
import { calibrationError } from "./calibration-error.ts";
import { f1 } from "./f1.ts";
import { mcc } from "./mcc.ts";
import type { Average, MetricDefinition } from "./metric.ts";
import { precision } from "./precision.ts";
import { sensitivity } from "./sensitivity.ts";
import { specificity } from "./specificity.ts";

export { f1 } from "./f1.ts";
export type { Average } from "./metric.ts";
export { recordOf } from "./record.ts";

/** All metrics, in the order in which they are shown. */
const listed = [
  auroc,
  averagePrecision,
  brier,
  calibrationError,
  accuracy,
  balancedAccuracy,
  sensitivity,
  specificity,
  precision,
  f1,
  mcc,
] as const;

/** The numbers over all classes, as a spec calls them: each that is listed has such a name, since `metrics` is typed by these. */
export const specMetrics = {
  mean_auroc: "meanAuroc",
  mean_average_precision: "meanAveragePrecision",
  brier: "brier",
  calibration_error: "calibrationError",
  accuracy: "accuracy",
  balanced_accuracy: "balancedAccuracy",
  macro_sensitivity: "macroSensitivity",
  micro_sensitivity: "microSensitivity",
  macro_specificity: "macroSpecificity",
  micro_specificity: "microSpecificity",
  macro_precision: "macroPrecision",
  micro_precision: "microPrecision",
  macro_f1: "macroF1",
  micro_f1: "microF1",
  weighted_f1: "weightedF1",
  samples_f1: "samplesF1",
  mcc: "mcc",
} as const satisfies Readonly<Record<EvaluationMetric, (typeof listed)[number]["overall"][number]["name"]>>;

/** The numbers of a class, and those over all classes. */
export type ClassMetric = (typeof listed)[number]["name"];
export type OverallMetric = (typeof specMetrics)[EvaluationMetric];

/** A metric of the list, with the names that the list has. */
export type ListedMetric = MetricDefinition & {
  readonly name: ClassMetric;
  readonly overall: readonly { readonly name: OverallMetric; readonly title: string; readonly average: Average }[];
};

export const metrics: readonly ListedMetric[] = listed;
const byName = new Map(metrics.map((metric) => [metric.name, metric]));

export function metricNamed(name: ClassMetric): ListedMetric {
  const metric = byName.get(name);
  if (metric === undefined) throw new Error("invariant: each name is of a metric");
  return metric;
}

export const classMetricNames: readonly ClassMetric[] = metrics.map(({ name }) => name);
export const overallMetricNames: readonly OverallMetric[] = metrics.flatMap(({ overall }) =>
  overall.map(({ name }) => name),
);

/** The names with the titles, in the order in which they are shown. */
export const overallMetrics = metrics.flatMap(({ overall }) =>
  overall.map(({ name, title }) => [name, title] as const),
);
