import { type CallMetric, share } from "./metric.ts";

/**
 * The harmonic mean of precision and sensitivity; 0 where nothing is present or called so, as scikit-learn has it with
 * `zero_division=0`. (CT-CLIP's own scripts weigh the F1 of presence and of absence: theirs is not this.)
 */
export const f1 = {
  name: "f1",
  title: "F1",
  from: "calls",
  of: ({ truePositives, falsePositives, present, absent }) =>
    present + absent === 0 ? null : (share(2 * truePositives, present + truePositives + falsePositives) ?? 0),
  overall: [
    { name: "macroF1", title: "macro F1", average: "macro" },
    { name: "microF1", title: "micro F1", average: "micro" },
    { name: "weightedF1", title: "weighted F1", average: "weighted" },
    { name: "samplesF1", title: "samples F1", average: "samples" },
  ],
} as const satisfies CallMetric;
