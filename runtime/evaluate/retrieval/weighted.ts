import { at } from "../../at.ts";
import type { Metric } from "../results.ts";

/** Queries of one value. */
interface Valued {
  readonly value: number;
  readonly queries: readonly number[];
}

/** The queries that have a value, by their values, the least first. */
function byValue(values: ArrayLike<number | null>): readonly Valued[] {
  const places = new Map<number, number[]>();
  for (let query = 0; query < values.length; query++) {
    const value = values[query] ?? null;
    if (value === null) continue;
    const others = places.get(value);
    if (others === undefined) places.set(value, [query]);
    else others.push(query);
  }
  return [...places].map(([value, queries]) => ({ value, queries })).sort((a, b) => a.value - b.value);
}

function countOf({ queries }: Valued, weights: Int32Array): number {
  let count = 0;
  for (const query of queries) count += weights[query] ?? 0;
  return count;
}

/**
 * The mean over queries under any weights; null where no query with a value weighs anything. Equal values are counted before anything
 * is summed, from the least on, so that the order of queries changes no bit.
 */
export function meanOf(values: ArrayLike<number | null>): (weights: Int32Array) => number | null {
  const sorted = byValue(values);
  return (weights) => {
    let sum = 0;
    let whole = 0;
    for (const each of sorted) {
      const count = countOf(each, weights);
      sum += count * each.value;
      whole += count;
    }
    return whole === 0 ? null : sum / whole;
  };
}

/** The median over queries under any weights: between two in the middle, their mean. */
export function medianOf(values: ArrayLike<number>): (weights: Int32Array) => number | null {
  const sorted = byValue(values);
  return (weights) => {
    const counts = sorted.map((each) => countOf(each, weights));
    const whole = counts.reduce((sum, count) => sum + count, 0);
    if (whole === 0) return null;
    const valueAt = (place: number): number => {
      let below = 0;
      for (const [index, count] of counts.entries()) {
        below += count;
        if (below > place) return at(sorted, index).value;
      }
      throw new Error("invariant: the middle is one of the queries");
    };
    return (valueAt(Math.floor((whole - 1) / 2)) + valueAt(Math.floor(whole / 2))) / 2;
  };
}

/** Makes a number with its interval of what gives it under weights, or of `why` there is none. */
export type MetricOf = (why: string | null, of: (weights: Int32Array) => number | null) => Metric;
