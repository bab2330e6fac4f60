import { at } from "../at.ts";

/** One class's examples that have a label for it, from the highest score to the lowest. Examples of one score are a tie, in one group. */
export interface Ranking {
  /** Places in the data set. */
  readonly order: Int32Array;
  /** 1 where the example in this place of the order has the class. */
  readonly present: Uint8Array;
  /** Where each group ends in the order; its last element is the number of these examples. */
  readonly groupEnds: Int32Array;
  /** So many examples at the head of the order have a score of at least the threshold. */
  readonly called: number;
  readonly scores: Float64Array;
}

/** What the scores of one class come to, in whole numbers. */
export interface Outcomes {
  readonly present: number;
  readonly absent: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** Pairs of an example with the class and one without, of which the first has the higher score; twice, so that a tie is 1. */
  readonly twiceOrdered: number;
}

/** One corner of a ROC curve, in whole numbers: what is called present from this score on. */
export interface RocPoint {
  /** Null where nothing is called present. */
  readonly threshold: number | null;
  readonly falsePositives: number;
  readonly truePositives: number;
}

/** Sorts once what is then counted under many weights. Scores are finite; an example whose label is null is left out. */
export function rankScores(scores: Float64Array, labels: readonly (boolean | null)[], threshold: number): Ranking {
  const labelled = [...labels.keys()].filter((example) => at(labels, example) !== null);
  const order = Int32Array.from(labelled).sort((a, b) => at(scores, b) - at(scores, a));
  const present = Uint8Array.from(order, (example) => Number(at(labels, example)));
  const ends: number[] = [];
  let called = 0;
  for (const [place, example] of order.entries()) {
    const score = at(scores, example);
    const next = order[place + 1];
    if (next === undefined || scores[next] !== score) ends.push(place + 1);
    if (score >= threshold) called = place + 1;
  }
  return { order, present, groupEnds: Int32Array.from(ends), called, scores };
}

/**
 * Counts outcomes with every example as often as its weight says: all 1 for the data set itself, draws with replacement
 * for a resample. The sum over pairs is the statistic of Mann and Whitney, in one pass over the sorted examples.
 */
export function countOutcomes({ order, present, groupEnds, called }: Ranking, weights: Int32Array): Outcomes {
  let above = 0;
  let absent = 0;
  let twiceOrdered = 0;
  let truePositives = 0;
  let falsePositives = 0;
  let place = 0;
  for (const end of groupEnds) {
    let tied = 0;
    let tiedPresent = 0;
    for (; place < end; place++) {
      // Every place is one of the order: a check that throws would be made for every example of every resample.
      const weight = weights[order[place] ?? 0] ?? 0;
      tied += weight;
      tiedPresent += weight * (present[place] ?? 0);
    }
    const tiedAbsent = tied - tiedPresent;
    twiceOrdered += tiedAbsent * (2 * above + tiedPresent);
    above += tiedPresent;
    absent += tiedAbsent;
    if (end === called) {
      truePositives = above;
      falsePositives = absent;
    }
  }
  return { present: above, absent, truePositives, falsePositives, twiceOrdered };
}

/** The corners of the ROC curve from nothing to everything called present; points on a line between two are left out. */
export function rocCorners({ order, present, groupEnds, scores }: Ranking): readonly RocPoint[] {
  const corners: RocPoint[] = [{ threshold: null, falsePositives: 0, truePositives: 0 }];
  let truePositives = 0;
  let place = 0;
  for (const end of groupEnds) {
    for (; place < end; place++) truePositives += at(present, place);
    const point = {
      threshold: at(scores, at(order, end - 1)),
      falsePositives: end - truePositives,
      truePositives,
    };
    const last = corners.at(-1);
    const before = corners.at(-2);
    if (last !== undefined && before !== undefined && onOneLine(before, last, point)) corners.pop();
    corners.push(point);
  }
  return corners;
}

function onOneLine(a: RocPoint, b: RocPoint, c: RocPoint): boolean {
  return (
    (b.falsePositives - a.falsePositives) * (c.truePositives - b.truePositives) ===
    (b.truePositives - a.truePositives) * (c.falsePositives - b.falsePositives)
  );
}
