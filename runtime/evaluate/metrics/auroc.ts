import { type ScoreMetric, share } from "./metric.ts";

/**
 * The share of pairs of an example with the class and one without in which the first has the higher score; a tie is half a pair
 * (the statistic of Mann and Whitney). It takes one of both.
 */
export const auroc = {
  name: "auroc",
  title: "AUROC",
  from: "scores",
  of: ({ presentAt, absentAt, present, absent }) => {
    let above = 0;
    let twiceOrdered = 0;
    for (let place = 0; place < presentAt.length; place++) {
      const tied = presentAt[place] ?? 0;
      twiceOrdered += (absentAt[place] ?? 0) * (2 * above + tied);
      above += tied;
    }
    return share(twiceOrdered, 2 * present * absent);
  },
  overall: [{ name: "meanAuroc", title: "mean AUROC", average: "macro" }],
} as const satisfies ScoreMetric;
