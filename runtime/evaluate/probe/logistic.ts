import { at } from "../../at.ts";
import type { Bending } from "./bending.ts";
import { minimise } from "./minimise.ts";
import type { Features } from "./standardise.ts";

/** Examples of one class: rows of features, and 1 for each of these rows that has the class, 0 for the others. */
export interface ClassExamples {
  readonly features: Features;
  readonly rows: Int32Array;
  readonly present: Float64Array;
}

/** A weight for each feature, and last the intercept. */
export type Coefficients = Float64Array;

/**
 * Logistic regression: the coefficients that minimise the sum of log losses plus strength / 2 times the sum of the squared weights; the
 * intercept is not held back. This is scikit-learn's LogisticRegression with C = 1 / strength. `tolerance` is about what
 * may be left above the least. `start` may be the coefficients of another strength. There have to be examples with the class and without.
 */
export function fitLogistic(
  examples: ClassExamples,
  strength: number,
  tolerance: number,
  start: Coefficients,
  bending: Bending,
): Coefficients {
  const loss = (coefficients: Coefficients, gradient: Float64Array) =>
    lossOf(examples, strength, coefficients, gradient);
  return minimise(start, tolerance, loss, bending);
}

/** The loss, and its gradient in place. */
function lossOf(
  { features: { values, width }, rows, present }: ClassExamples,
  strength: number,
  coefficients: Coefficients,
  gradient: Float64Array,
): number {
  let loss = 0;
  for (let place = 0; place < width; place++) {
    const weight = coefficients[place] ?? 0;
    gradient[place] = strength * weight;
    loss += weight * weight;
  }
  loss *= strength / 2;
  let ofIntercept = 0;
  for (let example = 0; example < rows.length; example++) {
    const from = (rows[example] ?? 0) * width;
    const logit = logitOf(values, from, coefficients, width);
    const label = present[example] ?? 0;
    loss += logLoss(logit, label);
    const residual = 1 / (1 + Math.exp(-logit)) - label;
    ofIntercept += residual;
    for (let place = 0; place < width; place++) {
      gradient[place] = (gradient[place] ?? 0) + residual * (values[from + place] ?? 0);
    }
  }
  gradient[width] = ofIntercept;
  return loss;
}

/** Four sums side by side, which a processor adds at once. */
function logitOf(values: Float64Array, from: number, coefficients: Coefficients, width: number): number {
  let [sum0, sum1, sum2, sum3] = [coefficients[width] ?? 0, 0, 0, 0];
  let place = 0;
  for (; place + 3 < width; place += 4) {
    sum0 += (values[from + place] ?? 0) * (coefficients[place] ?? 0);
    sum1 += (values[from + place + 1] ?? 0) * (coefficients[place + 1] ?? 0);
    sum2 += (values[from + place + 2] ?? 0) * (coefficients[place + 2] ?? 0);
    sum3 += (values[from + place + 3] ?? 0) * (coefficients[place + 3] ?? 0);
  }
  for (; place < width; place++) sum0 += (values[from + place] ?? 0) * (coefficients[place] ?? 0);
  return sum0 + sum1 + (sum2 + sum3);
}

/** -log of the probability that a logit gives to a label, without overflow. */
function logLoss(logit: number, label: number): number {
  return Math.log1p(Math.exp(-Math.abs(logit))) + Math.max(logit, 0) - label * logit;
}

/** The sum of log losses of other examples. */
export function sumOfLosses({ features, rows, present }: ClassExamples, coefficients: Coefficients): number {
  const { values, width } = features;
  return rows.reduce(
    (sum, row, example) => sum + logLoss(logitOf(values, row * width, coefficients, width), at(present, example)),
    0,
  );
}

/** The probability of the class for every row of features. */
export function probabilitiesOf({ values, width }: Features, coefficients: Coefficients): Float64Array {
  const rows = width === 0 ? 0 : values.length / width;
  return Float64Array.from({ length: rows }, (_, row) => {
    return 1 / (1 + Math.exp(-logitOf(values, row * width, coefficients, width)));
  });
}
