import type { ScoreMetric } from "./metric.ts";

/** The precision at each different score, weighted by the recall that it adds, without interpolation. It takes an example with the class. */
export const averagePrecision = {
  name: "averagePrecision",
  title: "AP",
  from: "scores",
  of: ({ presentAt, absentAt, present }) => {
    if (present === 0) return null;
    let found = 0;
    let called = 0;
    let sum = 0;
    for (let place = 0; place < presentAt.length; place++) {
      const added = presentAt[place] ?? 0;
      found += added;
      called += added + (absentAt[place] ?? 0);
      if (added > 0) sum += (added / present) * (found / called);
    }
    return sum;
  },
  overall: [{ name: "meanAveragePrecision", title: "mean AP", average: "macro" }],
} as const satisfies ScoreMetric;
