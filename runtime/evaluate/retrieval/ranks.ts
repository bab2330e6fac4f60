import { at } from "../../at.ts";
import { similarity, type UnitRows, visitSimilarities } from "./similarities.ts";

/** Where one direction finds what it looks for, for each query in turn. Ranks count from 1. */
export interface FoundRanks {
  /** The rank of the first right answer. */
  readonly first: Float64Array;
  /** The rank of the query's own pair, where nothing else counts as right. */
  readonly ownPair: Float64Array;
  /** The mean over all right answers of the share of right ones down to it. */
  readonly averagePrecision: Float64Array;
}

/** The examples of one report, for each report. */
type Reports = readonly (readonly number[])[];

/**
 * Ranks in both directions. `same[example]` is the number of its report, from 0: examples with one report are right answers to each other.
 *
 * Among equal cosines the wrong answers come first, so that an encoder that gives everything the same latent finds nothing; this is
 * the rank of scikit-learn's label_ranking_average_precision_score, which the mean of `averagePrecision` is. All numbers follow
 * from counts, so that the order of examples cannot matter. Memory is a number for each pair of examples with one report.
 */
export function ranksOf(
  reports: UnitRows,
  images: UnitRows,
  same: Int32Array,
): { readonly reportToImage: FoundRanks; readonly imageToReport: FoundRanks } {
  const members: number[][] = Array.from({ length: new Set(same).size }, () => []);
  for (const [example, report] of same.entries()) at(members, report).push(example);
  const byReport = rightAnswers(members, same, (report, image) => similarity(reports, report, images, image));
  const byImage = rightAnswers(members, same, (image, report) => similarity(reports, report, images, image));
  visitSimilarities(reports, images, false, ({ scores, fromRow, rows, fromColumn, columns }) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const score = scores[row * columns + column] ?? 0;
        const [report, image] = [fromRow + row, fromColumn + column];
        const isAheadOfImage = score >= (byReport.least[report] ?? 0);
        const isAheadOfReport = score >= (byImage.least[image] ?? 0);
        if ((!isAheadOfImage && !isAheadOfReport) || same[report] === same[image]) continue;
        if (isAheadOfImage) countAhead(byReport, report, score);
        if (isAheadOfReport) countAhead(byImage, image, score);
      }
    }
  });
  return { reportToImage: foundRanks(byReport), imageToReport: foundRanks(byImage) };
}

/** The cosines of the right answers to each query, rising, and for each how many wrong ones reach it but not the next. */
interface RightAnswers {
  readonly scores: Float64Array;
  readonly wrong: Int32Array;
  /** Where each query's begin, and the end. */
  readonly from: Float64Array;
  /** The least of each query. */
  readonly least: Float64Array;
  /** That of each query's own pair. */
  readonly own: Float64Array;
}

function rightAnswers(
  members: Reports,
  same: Int32Array,
  scoreOf: (query: number, answer: number) => number,
): RightAnswers {
  const from = new Float64Array(same.length + 1);
  for (const [query, report] of same.entries()) from[query + 1] = at(from, query) + at(members, report).length;
  const scores = new Float64Array(at(from, same.length));
  const least = new Float64Array(same.length);
  const own = new Float64Array(same.length);
  for (const [query, report] of same.entries()) {
    const start = at(from, query);
    for (const [place, answer] of at(members, report).entries()) scores[start + place] = scoreOf(query, answer);
    scores.subarray(start, at(from, query + 1)).sort();
    least[query] = at(scores, start);
    own[query] = scoreOf(query, query);
  }
  return { scores, wrong: new Int32Array(scores.length), from, least, own };
}

/** Counts a wrong answer at the highest right one that it reaches; it reaches the least. */
function countAhead({ scores, wrong, from }: RightAnswers, query: number, score: number): void {
  let reached = from[query] ?? 0;
  let beyond = from[query + 1] ?? 0;
  while (beyond - reached > 1) {
    const middle = Math.floor((reached + beyond) / 2);
    if ((scores[middle] ?? 0) <= score) reached = middle;
    else beyond = middle;
  }
  wrong[reached] = (wrong[reached] ?? 0) + 1;
}

function foundRanks({ scores, wrong, from, own }: RightAnswers): FoundRanks {
  const queries = own.length;
  const first = new Float64Array(queries);
  const ownPair = new Float64Array(queries);
  const averagePrecision = new Float64Array(queries);
  for (let query = 0; query < queries; query++) {
    const [start, end] = [at(from, query), at(from, query + 1)];
    let wrongAhead = 0;
    let sum = 0;
    // From the highest on, all of one cosine at once.
    for (let last = end - 1; last >= start; ) {
      const score = at(scores, last);
      let next = last;
      for (; next >= start && at(scores, next) === score; next--) wrongAhead += at(wrong, next);
      const right = end - 1 - next;
      if (last === end - 1) first[query] = 1 + wrongAhead;
      if (score === at(own, query)) ownPair[query] = right + wrongAhead;
      sum += (last - next) * (right / (right + wrongAhead));
      last = next;
    }
    averagePrecision[query] = sum / (end - start);
  }
  return { first, ownPair, averagePrecision };
}
