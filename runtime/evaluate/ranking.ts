import { at } from "../at.ts";

/** One class's examples that have a label for it, by their scores. Examples of one score are a tie. */
export interface Ranking {
  /** The different scores, the highest first. */
  readonly scores: Float64Array;
  /** Places in the data set, by falling score. */
  readonly examples: Int32Array;
  /** For each of these examples the place of its score. */
  readonly scorePlaces: Int32Array;
  /** 1 for each of these examples that has the class. */
  readonly present: Uint8Array;
}

/** What the calls of one class, or of several together, come to. */
export interface Calls {
  readonly present: number;
  readonly absent: number;
  /** Examples called present that have the class, and that do not. */
  readonly truePositives: number;
  readonly falsePositives: number;
}

/** One class's examples, each counted as often as a weight says. */
export interface ClassSample extends Calls {
  /** The different scores, the highest first, and how many examples with and without the class have each. */
  readonly scores: Float64Array;
  readonly presentAt: Int32Array;
  readonly absentAt: Int32Array;
}

/** One corner of a ROC curve, in whole numbers: what is called present from this score on. */
export interface RocPoint {
  /** Null where nothing is called present. */
  readonly threshold: number | null;
  readonly falsePositives: number;
  readonly truePositives: number;
}

/** Sorts once what is then counted under many weights. Scores are finite; an example whose label is null is left out. */
export function rankScores(scores: Float64Array, labels: readonly (boolean | null)[]): Ranking {
  const labelled = [...labels.keys()].filter((example) => at(labels, example) !== null);
  const examples = Int32Array.from(labelled).sort((a, b) => at(scores, b) - at(scores, a));
  const present = Uint8Array.from(examples, (example) => Number(at(labels, example)));
  const different: number[] = [];
  const scorePlaces = Int32Array.from(examples, (example) => {
    const score = at(scores, example);
    if (different.at(-1) !== score) different.push(score);
    return different.length - 1;
  });
  return { scores: Float64Array.from(different), examples, scorePlaces, present };
}

/** How many of a ranking's different scores are called present: those of at least a threshold. */
export function calledFrom({ scores }: Ranking, threshold: number): number {
  const below = scores.findIndex((score) => score < threshold);
  return below < 0 ? scores.length : below;
}

/**
 * Counts every example as often as its weight says: all 1 for the data set itself, draws with replacement for a resample. The
 * first `called` scores are called present. All metrics are made of these counts, so the order of examples cannot matter.
 */
export function countSample(ranking: Ranking, called: number, weights: Int32Array): ClassSample {
  const { scores, examples, scorePlaces, present } = ranking;
  const presentAt = new Int32Array(scores.length);
  const absentAt = new Int32Array(scores.length);
  for (let place = 0; place < examples.length; place++) {
    // Every place is one of the ranking: a check that throws would be made for every example of every resample.
    const weight = weights[examples[place] ?? 0] ?? 0;
    const counts = present[place] === 1 ? presentAt : absentAt;
    const score = scorePlaces[place] ?? 0;
    counts[score] = (counts[score] ?? 0) + weight;
  }
  return {
    ...{ scores, presentAt, absentAt },
    present: sumTo(presentAt, presentAt.length),
    absent: sumTo(absentAt, absentAt.length),
    truePositives: sumTo(presentAt, called),
    falsePositives: sumTo(absentAt, called),
  };
}

function sumTo(counts: Int32Array, end: number): number {
  let sum = 0;
  for (let place = 0; place < end; place++) sum += counts[place] ?? 0;
  return sum;
}

/** The corners of the ROC curve from nothing to everything called present; points on a line between two are left out. */
export function rocCorners({ scores, presentAt, absentAt }: ClassSample): readonly RocPoint[] {
  const corners: RocPoint[] = [{ threshold: null, falsePositives: 0, truePositives: 0 }];
  let truePositives = 0;
  let falsePositives = 0;
  for (const [place, threshold] of scores.entries()) {
    truePositives += at(presentAt, place);
    falsePositives += at(absentAt, place);
    const point = { threshold, falsePositives, truePositives };
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
