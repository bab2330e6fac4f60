import { addTo, dot } from "../../../compiler/index.ts";
import { at } from "../../at.ts";

/** Vectors as sums over an orthonormal basis: vector j is the sum of `coordinates[j][i]` times `basis[i]`. */
export interface OnBasis {
  readonly basis: readonly Float64Array[];
  readonly coordinates: readonly Float64Array[];
}

/** What is left of a vector below that share of its length is rounding. */
const rounding = 64 * Number.EPSILON;

/** What is left of a vector that is not much shorter than it was is orthogonal already. */
const enough = 0.5;

/**
 * An orthonormal basis of what some vectors of the same length span, by Gram-Schmidt, done twice where much of a vector goes, which is as
 * orthogonal as rounding allows (Giraud, Langou and Rozloznik, 2005). The basis has as many vectors as are independent.
 */
export function orthonormal(vectors: readonly Float64Array[]): OnBasis {
  const basis: Float64Array[] = [];
  const coordinates = vectors.map((vector) => {
    const own = new Float64Array(vectors.length);
    const rest = vector.slice();
    const length = Math.sqrt(dot(vector, vector));
    let left = length;
    for (let pass = 0; pass < 2; pass++) {
      for (const [place, direction] of basis.entries()) {
        const along = dot(rest, direction);
        own[place] = at(own, place) + along;
        addTo(rest, direction, -along);
      }
      left = Math.sqrt(dot(rest, rest));
      if (left > enough * length) break;
    }
    if (left > rounding * length && basis.length < vector.length) {
      own[basis.length] = left;
      basis.push(rest.map((value) => value / left));
    }
    return own;
  });
  return { basis, coordinates };
}

/** The sum of vectors times factors. */
export function combined(vectors: readonly Float64Array[], factors: Float64Array, length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const [place, vector] of vectors.entries()) addTo(sum, vector, at(factors, place));
  return sum;
}
