import { at } from "../at.ts";
import { calibrationEdges } from "./metrics/calibration-error.ts";

/** The examples whose scores are in one bin of a reliability diagram. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** How many of them have the class. */
  readonly present: number;
  /** Null where there are none. */
  readonly meanScore: number | null;
}

/**
 * What a reliability diagram shows (Guo et al., 2017): of examples with a label, by their scores in the bins of the calibration error.
 * Weighted by their counts, the distances of `meanScore` from the share of `present` are that error.
 */
export function reliabilityBins(scores: Float64Array, labels: readonly (boolean | null)[]): readonly ReliabilityBin[] {
  const bins = calibrationEdges.length + 1;
  const [counts, present, sums] = [new Int32Array(bins), new Int32Array(bins), new Float64Array(bins)];
  for (const [example, label] of labels.entries()) {
    if (label === null) continue;
    const score = at(scores, example);
    const above = calibrationEdges.findIndex((edge) => score <= edge);
    const bin = above < 0 ? bins - 1 : above;
    counts[bin] = at(counts, bin) + 1;
    present[bin] = at(present, bin) + Number(label);
    sums[bin] = at(sums, bin) + score;
  }
  return Array.from(counts, (count, bin) => ({
    low: bin === 0 ? 0 : at(calibrationEdges, bin - 1),
    high: bin === bins - 1 ? 1 : at(calibrationEdges, bin),
    count,
    present: at(present, bin),
    meanScore: count === 0 ? null : at(sums, bin) / count,
  }));
}
