import { countAt } from "../../at.ts";
import type { Range } from "./budget.ts";
import type { Choice } from "./skeletons.ts";
import { sum, type Table } from "./tables.ts";

/** How many ways there are to come to each number of parameters. */
type Ways = ReadonlyMap<number, number>;

/** Sums that are made to count placements, at most. */
const sumLimit = 60_000_000;

/**
 * How many placements of a space are in a range, without making them: the numbers of ways of the encoders are combined,
 * with what is above the range left out. Null when that takes too long. The range is above 0, so nothing at all is not counted.
 */
export function countPlacements(
  encoders: readonly (readonly Choice[])[],
  tableOf: (group: Choice["groups"][number]) => Table,
  rankCount: number,
  range: Range,
): number | null {
  let sums = 0;
  const combine = (a: Ways, b: Ways): Ways | null => {
    sums += a.size * b.size;
    return sums > sumLimit ? null : combined(a, b, range.most);
  };
  const distributions: Ways[] = [];
  for (const choices of encoders) {
    const ways = waysOf(choices, tableOf, rankCount, combine);
    if (ways === null) return null;
    distributions.push(ways);
  }
  const [largest, ...others] = distributions.sort((a, b) => b.size - a.size);
  let rest: Ways = new Map([[0, 1]]);
  for (const ways of others) {
    const next = combine(rest, ways);
    if (next === null) return null;
    rest = next;
  }
  return countPairs(rest, largest ?? new Map(), range);
}

/** The ways of one encoder: nothing, the groups of the whole, and all combinations of its stages. */
function waysOf(
  choices: readonly Choice[],
  tableOf: (group: Choice["groups"][number]) => Table,
  rankCount: number,
  combine: (a: Ways, b: Ways) => Ways | null,
): Ways | null {
  const whole = new Map<number, number>();
  const stages = new Map<string, Map<number, number>>();
  const counted = new Set<Choice["groups"][number]>();
  for (const { groups } of choices) {
    for (const group of groups) {
      if (counted.has(group)) continue;
      counted.add(group);
      let into = whole;
      if (group.region.isStage) {
        into = stages.get(group.region.selector) ?? new Map([[0, 1]]);
        stages.set(group.region.selector, into);
      }
      addTable(into, tableOf(group), 1);
    }
  }
  let staged: Ways = new Map([[0, 1]]);
  for (const ways of stages.values()) {
    const next = combine(staged, ways);
    if (next === null) return null;
    staged = next;
  }
  for (const [count, ways] of staged) add(whole, count, ways);
  for (const { groups, isWholeAtOneRank } of choices) {
    if (isWholeAtOneRank) addTable(whole, sum(groups.map(tableOf), rankCount), -1);
  }
  return whole;
}

function addTable(into: Map<number, number>, table: Table, ways: number): void {
  for (const count of table) if (!Number.isNaN(count)) add(into, count, ways);
}

function add(into: Map<number, number>, count: number, ways: number): void {
  into.set(count, countAt(into, count) + ways);
}

function combined(a: Ways, b: Ways, most: number): Ways {
  const sums = new Map<number, number>();
  for (const [first, firstWays] of a) {
    for (const [second, secondWays] of b) {
      if (first + second <= most) add(sums, first + second, firstWays * secondWays);
    }
  }
  return sums;
}

/** How many pairs of one way each have a sum in the range. */
function countPairs(a: Ways, b: Ways, { least, most }: Range): number {
  const counts = Float64Array.from(b.keys()).sort();
  const before = new Float64Array(counts.length + 1);
  for (const [index, count] of counts.entries()) before[index + 1] = (before[index] ?? Number.NaN) + countAt(b, count);
  const below = (limit: number): number => {
    let low = 0;
    let high = counts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((counts[middle] ?? Number.NaN) < limit) low = middle + 1;
      else high = middle;
    }
    return before[low] ?? Number.NaN;
  };
  let total = 0;
  for (const [count, ways] of a) total += ways * (below(most - count + 1) - below(least - count));
  return total;
}
