import { at } from "../at.ts";
import type { Bucket, Series } from "./wire.ts";

/** Buckets that a series has at most: more than a screen has columns. */
const mostBuckets = 2048;

/** Quantities that are kept of a run; others in its log are left out. */
const mostNames = 64;

interface Collected {
  readonly step: number;
  least: number;
  most: number;
  sum: number;
  count: number;
}

/** The values of a run's quantities over its steps, in memory that does not grow with their number. */
export class RunSeries {
  private width = 1;
  private readonly byName = new Map<string, Collected[]>();
  private last = 0;

  /** The last step of which there is anything. */
  get step(): number {
    return this.last;
  }

  /** Adds what a step logged. Steps come in order; one that came before, as a damaged log may have it, is left out. */
  add(step: number, values: Iterable<readonly [name: string, value: number]>): void {
    if (step <= this.last) return;
    this.last = step;
    const start = step - ((step - 1) % this.width);
    for (const [name, value] of values) {
      if (!Number.isFinite(value)) continue;
      const buckets = this.bucketsOf(name);
      if (buckets === null) continue;
      const newest = buckets.at(-1);
      if (newest?.step !== start) buckets.push({ step: start, least: value, most: value, sum: value, count: 1 });
      else {
        newest.least = Math.min(newest.least, value);
        newest.most = Math.max(newest.most, value);
        newest.sum += value;
        newest.count += 1;
      }
    }
    if (step > this.width * mostBuckets) this.widen();
  }

  /** The series from the bucket of a step on; all of it where its buckets are of another width than the reader has. */
  from(step: number, width: number): { readonly from: number; readonly series: readonly Series[] } {
    const from = width === this.width ? step : 0;
    const series = [...this.byName].map(([name, buckets]) => ({
      name,
      width: this.width,
      buckets: buckets.flatMap((each): readonly Bucket[] => {
        if (each.step + this.width <= from) return [];
        return [[each.step, rounded(each.least), rounded(each.most), rounded(each.sum / each.count)]];
      }),
    }));
    return { from, series };
  }

  private bucketsOf(name: string): Collected[] | null {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.byName.size >= mostNames) return null;
    const buckets: Collected[] = [];
    this.byName.set(name, buckets);
    return buckets;
  }

  /** Makes two buckets one, as often as it takes. */
  private widen(): void {
    while (this.last > this.width * mostBuckets) this.width *= 2;
    for (const buckets of this.byName.values()) {
      const merged: Collected[] = [];
      for (const each of buckets) {
        const start = each.step - ((each.step - 1) % this.width);
        const newest = merged.at(-1);
        if (newest?.step !== start) merged.push({ ...each, step: start });
        else merged[merged.length - 1] = together(newest, each);
      }
      buckets.splice(0, buckets.length, ...merged);
    }
  }
}

function together(a: Collected, b: Collected): Collected {
  return {
    step: a.step,
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}

/** Seven digits, which is more than a screen shows and less than half of what JSON would take. */
function rounded(value: number): number {
  return Number(value.toPrecision(7));
}

/** The value in the middle of some; null for none. */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (at(sorted, Math.ceil(middle) - 1) + at(sorted, Math.floor(middle))) / 2;
}
