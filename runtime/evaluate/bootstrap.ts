import { at } from "../at.ts";
import { countOutcomes, type Outcomes, type Ranking } from "./ranking.ts";

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
 * The outcomes of all classes in each resample. Examples are drawn with replacement, as many as there are, and all
 * classes see the same draws.
 */
export function resample(
  rankings: readonly Ranking[],
  examples: number,
  { resamples, seed }: BootstrapSettings,
): readonly (readonly Outcomes[])[] {
  const random = generator(seed);
  const weights = new Int32Array(examples);
  return Array.from({ length: resamples }, () => {
    drawExamples(weights, random);
    return rankings.map((ranking) => countOutcomes(ranking, weights));
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

function drawExamples(weights: Int32Array, random: () => number): void {
  weights.fill(0);
  for (let draw = 0; draw < weights.length; draw++) {
    const example = Math.floor(random() * weights.length);
    // A check that throws would be made for every example of every resample.
    weights[example] = (weights[example] ?? 0) + 1;
  }
}

/** Numbers from 0 up to 1, from a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
