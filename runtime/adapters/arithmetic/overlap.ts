import { dot, smallSingularVectors } from "../../../compiler/index.ts";

/**
 * The cosines of the principal angles between two spaces, from the largest down, as many as the smaller space has dimensions
 * (Björck and Golub, 1973). Each is given by an orthonormal basis.
 */
export function principalCosines(one: readonly Float64Array[], two: readonly Float64Array[]): readonly number[] {
  const products = one.map((a) => Float64Array.from(two, (b) => dot(a, b)));
  // Rounding may take a cosine beyond 1.
  return Array.from(smallSingularVectors(products, two.length).values, (value) => Math.min(1, value));
}

/**
 * How much two spaces overlap, from 0 to 1: the mean of the squared cosines, which is what the paper of LoRA compares updates by
 * (Hu et al., 2021, 7.2). Null where one of them has no dimension.
 */
export function overlapOf(cosines: readonly number[]): number | null {
  if (cosines.length === 0) return null;
  return cosines.reduce((sum, cosine) => sum + cosine * cosine, 0) / cosines.length;
}
