import { type ScoreMetric, share } from "./metric.ts";

/** As many as Guo et al. (2017) take. */
const bins = 15;
/** The lower ends of the bins but the first, as NumPy's `linspace` rounds them; a score on one belongs to the bin below. */
export const calibrationEdges = Float64Array.from({ length: bins - 1 }, (_, bin) => (bin + 1) * (1 / bins));

/**
 * The expected calibration error: how far the mean score is from the share of examples with the class, in 15 bins of equal width,
 * weighted by the examples in each. The lower, the better.
 */
export const calibrationError = {
  name: "calibrationError",
  title: "ECE",
  from: "scores",
  of: ({ scores, presentAt, absentAt, present, absent }) => {
    let error = 0;
    let bin = calibrationEdges.length;
    // The sum of scores less that of labels, in one bin after the other from the highest.
    let excess = 0;
    for (let place = 0; place < scores.length; place++) {
      const score = scores[place] ?? 0;
      while (bin > 0 && score <= (calibrationEdges[bin - 1] ?? 0)) {
        error += Math.abs(excess);
        excess = 0;
        bin--;
      }
      const found = presentAt[place] ?? 0;
      excess += score * (found + (absentAt[place] ?? 0)) - found;
    }
    return share(error + Math.abs(excess), present + absent);
  },
  overall: [{ name: "calibrationError", title: "calibration error", average: "macro" }],
} as const satisfies ScoreMetric;
