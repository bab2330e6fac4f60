import { type CallMetric, share } from "./metric.ts";

/** The share of the calls that are right; 0 where nothing is called present, as scikit-learn has it with `zero_division=0`. */
export const precision = {
  name: "precision",
  title: "precision",
  from: "calls",
  of: ({ truePositives, falsePositives, present, absent }) =>
    present + absent === 0 ? null : (share(truePositives, truePositives + falsePositives) ?? 0),
  overall: [
    { name: "macroPrecision", title: "macro precision", average: "macro" },
    { name: "microPrecision", title: "micro precision", average: "micro" },
  ],
} as const satisfies CallMetric;
