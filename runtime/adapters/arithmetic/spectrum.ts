import { at } from "../../at.ts";

/** What the singular values of an update say of its rank. */
export interface Spectrum {
  /** From the largest down. */
  readonly values: readonly number[];
  /** The Frobenius norm. */
  readonly norm: number;
  /** Values above what 64-bit floats resolve beside the largest, as numpy.linalg.matrix_rank counts them. */
  readonly rank: number;
  /** The squared Frobenius norm in units of the largest value's square (Rudelson and Vershynin, 2007); 0 for zeros. */
  readonly stableRank: number;
  /** The exponential of the entropy of the values as shares of their sum (Roy and Vetterli, 2007); 0 for zeros. */
  readonly effectiveRank: number;
}

/** Measures singular values, given from the largest down, of a matrix whose longer side has `longer` elements. */
export function spectrumOf(values: ArrayLike<number>, longer: number): Spectrum {
  const all = Array.from(values);
  const [largest = 0] = all;
  const relative = largest === 0 ? [] : all.map((value) => value / largest);
  const squares = relative.reduce((sum, value) => sum + value * value, 0);
  const sum = relative.reduce((total, value) => total + value, 0);
  const entropy = relative.reduce(
    (total, value) => (value === 0 ? total : total - (value / sum) * Math.log(value / sum)),
    0,
  );
  return {
    values: all,
    norm: largest * Math.sqrt(squares),
    rank: relative.filter((value) => value > longer * Number.EPSILON).length,
    stableRank: squares,
    effectiveRank: largest === 0 ? 0 : Math.exp(entropy),
  };
}

/** The smallest rank whose values hold a share of the energy, the sum of their squares; 0 for zeros. */
export function rankHolding(share: number, values: readonly number[]): number {
  const [largest = 0] = values;
  if (largest === 0) return 0;
  const total = energyOf(values, values.length, largest);
  let sum = 0;
  for (const [place, value] of values.entries()) {
    sum += (value / largest) ** 2;
    // Shares are compared with what rounding does to a sum.
    if (sum >= share * total * (1 - 4 * Number.EPSILON)) return place + 1;
  }
  return values.length;
}

/** The share of the energy that the first values hold; 1 for zeros. */
export function energyIn(rank: number, values: readonly number[]): number {
  const [largest = 0] = values;
  if (largest === 0) return 1;
  return energyOf(values, rank, largest) / energyOf(values, values.length, largest);
}

function energyOf(values: readonly number[], rank: number, largest: number): number {
  let sum = 0;
  for (let place = 0; place < Math.min(rank, values.length); place++) sum += (at(values, place) / largest) ** 2;
  return sum;
}
