import { at } from "../../at.ts";
import type { Range } from "./budget.ts";
import type { Table } from "./tables.ts";

/** The ranks of a table that can be taken, by their positions, with what they cost: the cheapest first. */
interface Sorted {
  readonly positions: Int32Array;
  readonly counts: Float64Array;
}

const knownSorted = new WeakMap<Table, Sorted>();

function sortedOf(table: Table): Sorted {
  const known = knownSorted.get(table);
  if (known !== undefined) return known;
  const entries = table
    .map((count, position) => ({ count, position }))
    .filter(({ count }) => !Number.isNaN(count))
    .sort((a, b) => a.count - b.count);
  const sorted = {
    positions: Int32Array.from(entries.map(({ position }) => position)),
    counts: Float64Array.from(entries.map(({ count }) => count)),
  };
  knownSorted.set(table, sorted);
  return sorted;
}

/**
 * Finds every way to take a different rank from each table so that the sum is in a range. `visit` gets the positions of
 * the ranks, which it must not keep, and the sum.
 */
export function solve(
  tables: readonly Table[],
  range: Range,
  visit: (positions: readonly number[], count: number) => void,
): void {
  const sorted = tables.map(sortedOf);
  if (sorted.some(({ counts }) => counts.length === 0)) return;
  const positions: number[] = [];
  const choose = (index: number, before: number): void => {
    const first = sorted[index];
    if (first === undefined) return;
    const last = sorted[index + 1];
    if (last === undefined) {
      visitLast(first, before, range, positions, visit);
      return;
    }
    if (index + 2 === sorted.length) {
      visitPairs(first, last, before, range, positions, visit);
      return;
    }
    for (const [place, count] of first.counts.entries()) {
      const position = at(first.positions, place);
      if (before + count > range.most) return;
      if (positions.includes(position)) continue;
      positions.push(position);
      choose(index + 1, before + count);
      positions.pop();
    }
  };
  choose(0, 0);
}

type Visit = (positions: readonly number[], count: number) => void;

function visitLast(
  { counts, positions: places }: Sorted,
  before: number,
  { least, most }: Range,
  positions: number[],
  visit: Visit,
): void {
  for (const [place, own] of counts.entries()) {
    const count = before + own;
    const position = at(places, place);
    if (count < least || count > most || positions.includes(position)) continue;
    positions.push(position);
    visit(positions, count);
    positions.pop();
  }
}

/**
 * The last two tables: as the first's count rises, what the second may add falls, so one walk down it is enough. It is the
 * innermost loop of the search, whose places are within both lists: no fallback is ever taken.
 */
function visitPairs(
  first: Sorted,
  second: Sorted,
  before: number,
  { least, most }: Range,
  positions: number[],
  visit: Visit,
): void {
  let top = second.counts.length - 1;
  for (let at = 0; at < first.counts.length; at++) {
    const sum = before + (first.counts[at] ?? 0);
    while (top >= 0 && sum + (second.counts[top] ?? 0) > most) top--;
    if (top < 0) return;
    const place = first.positions[at] ?? 0;
    for (let other = top; other >= 0 && sum + (second.counts[other] ?? 0) >= least; other--) {
      const otherPlace = second.positions[other] ?? 0;
      if (place === otherPlace || positions.includes(place) || positions.includes(otherPlace)) continue;
      positions.push(place, otherPlace);
      visit(positions, sum + (second.counts[other] ?? 0));
      positions.pop();
      positions.pop();
    }
  }
}
