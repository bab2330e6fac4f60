import { at } from "../at.ts";
import { countSample, rankScores } from "./ranking.ts";

/** What is called present from one score on. */
export interface RecallPoint {
  readonly threshold: number;
  readonly recall: number;
  readonly precision: number;
}

/**
 * The precision-recall curve of one class, from the highest score on; empty where the class does not occur. Between two points the
 * precision is that of the second, so that the area below these steps is the average precision.
 */
export function recallPoints(scores: Float64Array, labels: readonly (boolean | null)[]): readonly RecallPoint[] {
  const ranking = rankScores(scores, labels);
  const { presentAt, absentAt, present } = countSample(ranking, 0, new Int32Array(scores.length).fill(1));
  if (present === 0) return [];
  let found = 0;
  let called = 0;
  return Array.from(ranking.scores, (threshold, place) => {
    found += at(presentAt, place);
    called += at(presentAt, place) + at(absentAt, place);
    return { threshold, recall: found / present, precision: found / called };
  });
}
