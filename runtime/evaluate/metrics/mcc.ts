import type { CallMetric } from "./metric.ts";

/**
 * The correlation of calls and labels (Matthews). It takes an example with the class and one without; where all are called alike
 * it is 0, as scikit-learn has it.
 */
export const mcc = {
  name: "mcc",
  title: "MCC",
  from: "calls",
  of: ({ truePositives, falsePositives, present, absent }) => {
    if (present === 0 || absent === 0) return null;
    const called = truePositives + falsePositives;
    const spared = present + absent - called;
    if (called === 0 || spared === 0) return 0;
    const covariance = truePositives * absent - falsePositives * present;
    // Roots first: the product of four counts leaves the exact integers.
    return covariance / (Math.sqrt(present * absent) * Math.sqrt(called * spared));
  },
  overall: [{ name: "mcc", title: "MCC", average: "macro" }],
} as const satisfies CallMetric;
