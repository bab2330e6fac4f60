/** Which of two values of a number is the better one. */
export const directions = ["minimize", "maximize"] as const;
export type Direction = (typeof directions)[number];

/** The numbers over all classes that scores give, in the order in which tables show them, and which of their values are better. */
const betterValues = {
  mean_auroc: "maximize",
  mean_average_precision: "maximize",
  brier: "minimize",
  calibration_error: "minimize",
  accuracy: "maximize",
  balanced_accuracy: "maximize",
  macro_sensitivity: "maximize",
  micro_sensitivity: "maximize",
  macro_specificity: "maximize",
  micro_specificity: "maximize",
  macro_precision: "maximize",
  micro_precision: "maximize",
  macro_f1: "maximize",
  micro_f1: "maximize",
  weighted_f1: "maximize",
  samples_f1: "maximize",
  mcc: "maximize",
} as const satisfies Readonly<Record<string, Direction>>;

export type EvaluationMetric = keyof typeof betterValues;

export const directionOf: Readonly<Record<EvaluationMetric, Direction>> = betterValues;
