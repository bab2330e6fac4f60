/** Times of some runs in milliseconds: what is in their middle, and how far apart they are. */
export interface Spread {
  readonly count: number;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** From the first to the third quartile, in which half of the runs lie. */
  readonly interquartileMs: number;
}

/** Throws when there is no time. */
export function spreadOf(timesMs: readonly number[]): Spread {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    medianMs: quantile(sorted, 0.5),
    minMs: quantile(sorted, 0),
    maxMs: quantile(sorted, 1),
    interquartileMs: quantile(sorted, 0.75) - quantile(sorted, 0.25),
  };
}

/** Between two values it is on the line from one to the other, as NumPy's default has it. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error("a quantile needs a value");
  return below + (above - below) * (place - Math.floor(place));
}
