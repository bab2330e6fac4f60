import { at } from "../at.ts";
import { generator } from "../random.ts";
import type { Groups } from "./groups.ts";

/** How often a data set is drawn anew. The same seed gives the same draws. */
export interface BootstrapSettings {
  readonly resamples: number;
  readonly seed: number;
}

/** Where 95 % of a number's resamples lie, from the 2.5th percentile to the 97.5th (Efron's percentile interval). */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Resamples in which there is no such number. */
  readonly leftOut: number;
}

const tail = 0.025;

/**
 * What each resample gives. Groups of examples are drawn with replacement, as many as there are, and an example counts as often as
 * its group was drawn; examples of one patient are so much alike that draws of each by itself would make intervals too narrow.
 * `weights` are good until the next resample.
 */
export function resample<Value>(
  { of, count }: Groups,
  { resamples, seed }: BootstrapSettings,
  measure: (weights: Int32Array) => Value,
): readonly Value[] {
  const random = generator(seed);
  const times = new Int32Array(count);
  const weights = new Int32Array(of.length);
  return Array.from({ length: resamples }, () => {
    times.fill(0);
    for (let draw = 0; draw < count; draw++) {
      const group = Math.floor(random() * count);
      // A check that throws would be made for every example of every resample.
      times[group] = (times[group] ?? 0) + 1;
    }
    for (let example = 0; example < of.length; example++) weights[example] = times[of[example] ?? 0] ?? 0;
    return measure(weights);
  });
}

/** The interval of a number from its value in each resample; null where it has none in any. */
export function intervalOf(values: readonly (number | null)[]): Interval | null {
  const kept = Float64Array.from(values.filter((value) => value !== null)).sort();
  if (kept.length === 0) return null;
  return { low: quantile(kept, tail), high: quantile(kept, 1 - tail), leftOut: values.length - kept.length };
}

/** Between two values it is on the line from one to the other, as NumPy's default has it. */
function quantile(sorted: Float64Array, part: number): number {
  const place = part * (sorted.length - 1);
  const below = at(sorted, Math.floor(place));
  const above = at(sorted, Math.ceil(place));
  return below + (above - below) * (place - Math.floor(place));
}
