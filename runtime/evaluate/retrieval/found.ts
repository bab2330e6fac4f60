import type { Metric } from "../results.ts";
import type { FoundRanks } from "./ranks.ts";
import { type MetricOf, meanOf, medianOf } from "./weighted.ts";

/**
 * One direction between images and reports. Every example is a query. All examples with a report of the same words are right answers:
 * several volumes of one scan have one report, and nothing tells which of them was meant. Among equal cosines wrong answers come first.
 */
export interface FoundEvaluation {
  readonly recall: readonly RecallAt[];
  /** The rank of the first right answer, from 1; between two in the middle, their mean. */
  readonly medianRank: Metric;
  /** Over all right answers, the mean share of right ones down to each; with one right answer, the mean of 1 / rank. */
  readonly meanAveragePrecision: Metric;
  /** Of each example the rank of the first right answer; empty where there are none. */
  readonly ranks: readonly number[];
}

/** The share of queries with a right answer among the first `k`. */
export interface RecallAt {
  readonly k: number;
  readonly recall: Metric;
  /** What a random order gives. */
  readonly chance: number | null;
  /**
   * Where the query's own pair alone counts as right, as in CT-CLIP's report_to_volume_new.py: for comparison with published numbers.
   * It counts a report as missed that found another volume of its scan.
   */
  readonly ownPair: number | null;
}

/** The numbers of one direction. `same[example]` is the number of its report. */
export function evaluateFound(
  ranks: FoundRanks,
  same: Int32Array,
  recallAt: readonly number[],
  metric: MetricOf,
): FoundEvaluation {
  const examples = same.length;
  return {
    recall: recallAt.map((k) => {
      const why = k > examples ? `there are only ${examples} examples` : null;
      const hasNumber = examples > 0 && why === null;
      return {
        k,
        recall: metric(why, meanOf(ranks.first.map((rank) => Number(rank <= k)))),
        chance: hasNumber ? chanceOf(same, k) : null,
        ownPair: hasNumber ? ranks.ownPair.filter((rank) => rank <= k).length / examples : null,
      };
    }),
    medianRank: metric(null, medianOf(ranks.first)),
    meanAveragePrecision: metric(null, meanOf(ranks.averagePrecision)),
    ranks: [...ranks.first],
  };
}

/** How probable it is that one of the right answers is among the first `k` in a random order, on average over queries. */
function chanceOf(same: Int32Array, k: number): number {
  const rightAnswers = new Map<number, number>();
  for (const report of same) rightAnswers.set(report, (rightAnswers.get(report) ?? 0) + 1);
  const chances = Float64Array.from(same, (report) => {
    const wrong = same.length - (rightAnswers.get(report) ?? 0);
    let allWrong = 1;
    for (let place = 0; place < k; place++) allWrong *= Math.max(0, wrong - place) / (same.length - place);
    return 1 - allWrong;
  });
  return meanOf(chances)(new Int32Array(same.length).fill(1)) ?? 0;
}
