import { at } from "../../at.ts";
import type { Groups } from "../groups.ts";
import { type UnitRows, visitSimilarities } from "./similarities.ts";

/** Labels as bits: which findings an image has, and which are known of it. */
export interface LabelSets {
  readonly words: number;
  readonly present: Int32Array;
  readonly known: Int32Array;
  /** Images with at least one finding. */
  readonly hasFinding: Uint8Array;
}

/** How alike the labels are of a query and of the images that are most like it. */
export interface NearestOverlaps {
  /** [queries][reach], the nearest image first; beyond `found` there is nothing. */
  readonly overlaps: Float64Array;
  readonly found: Int32Array;
  readonly reach: number;
}

export function labelSets(labels: readonly (readonly (boolean | null)[])[]): LabelSets {
  const words = Math.ceil((labels[0]?.length ?? 0) / 32);
  const present = new Int32Array(labels.length * words);
  const known = new Int32Array(labels.length * words);
  const hasFinding = new Uint8Array(labels.length);
  for (const [image, row] of labels.entries()) {
    for (const [index, label] of row.entries()) {
      const word = image * words + (index >> 5);
      if (label !== null) known[word] = at(known, word) | (1 << (index & 31));
      if (label !== true) continue;
      present[word] = at(present, word) | (1 << (index & 31));
      hasFinding[image] = 1;
    }
  }
  return { words, present, known, hasFinding };
}

/**
 * The findings that two images share, divided by those that either has (Jaccard's index), among the classes that are known of both;
 * 0 where neither has one of these.
 */
function overlapOf(labels: LabelSets, a: number, b: number): number {
  const { shared, either } = countFindings(labels, a, b);
  return either === 0 ? 0 : shared / either;
}

function countFindings({ words, present, known }: LabelSets, a: number, b: number) {
  let shared = 0;
  let either = 0;
  for (let word = 0; word < words; word++) {
    const [placeA, placeB] = [a * words + word, b * words + word];
    const both = (known[placeA] ?? 0) & (known[placeB] ?? 0);
    const [ofA, ofB] = [(present[placeA] ?? 0) & both, (present[placeB] ?? 0) & both];
    shared += countBits(ofA & ofB);
    either += countBits(ofA | ofB);
  }
  return { shared, either };
}

/** For each image the mean overlap with all images with a finding of other patients: what a random order gives; null without any. */
export function meanOverlaps(labels: LabelSets, patients: Groups): readonly (number | null)[] {
  const { words, hasFinding } = labels;
  const most = 32 * words + 1;
  return Array.from(hasFinding, (_, query) => {
    // Few different overlaps, counted: sums in the order of images would depend on it.
    const counts = new Int32Array(most * most);
    let images = 0;
    for (let image = 0; image < hasFinding.length; image++) {
      if (hasFinding[image] !== 1 || patients.of[image] === patients.of[query]) continue;
      const { shared, either } = countFindings(labels, query, image);
      const place = either * most + shared;
      counts[place] = (counts[place] ?? 0) + 1;
      images++;
    }
    if (images === 0) return null;
    let sum = 0;
    for (let either = 1; either < most; either++) {
      for (let shared = 1; shared <= either; shared++) sum += at(counts, either * most + shared) * (shared / either);
    }
    return sum / images;
  });
}

function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * The overlaps of the `reach` nearest images with a finding, for each image. `others` leaves out the images of the query's own
 * patient, itself among them; `all` leaves out none. Among equal cosines those with less in common come first.
 */
export function nearestOverlaps(
  images: UnitRows,
  labels: LabelSets,
  patients: Groups,
  reach: number,
): { readonly others: NearestOverlaps; readonly all: NearestOverlaps } {
  const others = emptyLists(images.count, reach);
  const all = emptyLists(images.count, reach);
  const { hasFinding } = labels;
  const offer = (query: number, image: number, score: number): void => {
    if (hasFinding[image] !== 1) return;
    const isOther = patients.of[query] !== patients.of[image];
    // What is not near enough for the one is for the other only where the patient's own images fill the first.
    if (score >= (all.enough[query] ?? 0)) insert(all, query, score, overlapOf(labels, query, image));
    if (isOther && score >= (others.enough[query] ?? 0)) insert(others, query, score, overlapOf(labels, query, image));
  };
  visitSimilarities(images, images, true, ({ scores, fromRow, rows, fromColumn, columns }) => {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [one, other] = [fromRow + row, fromColumn + column];
        if (other < one) continue;
        const score = scores[row * columns + column] ?? 0;
        offer(one, other, score);
        if (one !== other) offer(other, one, score);
      }
    }
  });
  return { others, all };
}

interface Lists extends NearestOverlaps {
  readonly scores: Float64Array;
  /** What a cosine has to reach to be among the nearest. */
  readonly enough: Float64Array;
}

function emptyLists(queries: number, reach: number): Lists {
  return {
    overlaps: new Float64Array(queries * reach),
    scores: new Float64Array(queries * reach),
    found: new Int32Array(queries),
    enough: new Float64Array(queries).fill(reach === 0 ? Infinity : -Infinity),
    reach,
  };
}

/** Puts an image at its place in a query's list, and drops the last where the list is full. */
function insert(
  { overlaps, scores, found, enough, reach }: Lists,
  query: number,
  score: number,
  overlap: number,
): void {
  const start = query * reach;
  const count = found[query] ?? 0;
  let place = start + Math.min(count, reach - 1);
  if (count === reach && !isBefore(score, overlap, scores[place] ?? 0, overlaps[place] ?? 0)) return;
  while (place > start && isBefore(score, overlap, scores[place - 1] ?? 0, overlaps[place - 1] ?? 0)) {
    scores[place] = scores[place - 1] ?? 0;
    overlaps[place] = overlaps[place - 1] ?? 0;
    place--;
  }
  scores[place] = score;
  overlaps[place] = overlap;
  if (count < reach) found[query] = count + 1;
  if (count + 1 >= reach) enough[query] = scores[start + reach - 1] ?? 0;
}

function isBefore(score: number, overlap: number, otherScore: number, otherOverlap: number): boolean {
  return score > otherScore || (score === otherScore && overlap < otherOverlap);
}
