import { type ScoreMetric, share } from "./metric.ts";

/** The mean of the squares of what scores are off the labels, which are 0 and 1: the lower, the better. */
export const brier = {
  name: "brier",
  title: "Brier",
  from: "scores",
  of: ({ scores, presentAt, absentAt, present, absent }) => {
    let sum = 0;
    for (let place = 0; place < scores.length; place++) {
      const score = scores[place] ?? 0;
      sum += (presentAt[place] ?? 0) * (1 - score) ** 2 + (absentAt[place] ?? 0) * score ** 2;
    }
    return share(sum, present + absent);
  },
  overall: [{ name: "brier", title: "Brier score", average: "macro" }],
} as const satisfies ScoreMetric;
