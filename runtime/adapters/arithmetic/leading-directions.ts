import { dot, largestEigenvectors } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { generator } from "../../random.ts";
import { combined, orthonormal } from "./orthonormal.ts";

/** The eigenvectors of the largest eigenvalues of a symmetric matrix without negative ones, from the largest down. */
export interface LeadingDirections {
  readonly values: readonly number[];
  /** Orthonormal. The largest element of each is positive. */
  readonly vectors: readonly Float64Array[];
}

/** Products with the matrix that a round makes of its first vectors. */
const powers = 4;

/**
 * How near directions are to eigenvectors: what the matrix makes of one besides a multiple of it is at most that share of the largest
 * eigenvalue. The matrix is of 32-bit floats, whose rounding is the finer one; the coarser one tells whether directions still move.
 */
const tolerances = { coarse: 1e-4, fine: 1e-7 } as const;

/** A few rounds are enough unless eigenvalues hardly fall; then directions of nearly equal ones are as good as each other. */
const mostRounds = 100;

/**
 * `count` leading directions of a matrix [width, width], by block Krylov subspaces that are begun anew from what they found
 * (Musco and Musco, 2015): width^2 steps for each vector and product. `near` are directions to begin with, such as those of a matrix that is
 * nearly the same.
 */
export function leadingDirections(
  matrix: Float64Array,
  width: number,
  count: number,
  near: readonly Float64Array[] = [],
  tolerance: keyof typeof tolerances = "fine",
): LeadingDirections {
  // Eigenvectors are those of any multiple, and of this one no square is beyond what a float holds.
  const scale = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const rows = Array.from({ length: width }, (_, row) =>
    matrix.slice(row * width, (row + 1) * width).map((value) => value / scale),
  );
  const size = Math.min(width, Math.max(2 * count, count + 8));
  const random = generator(width);
  const drawn = Array.from({ length: size }, () => Float64Array.from({ length: width }, () => random() - 0.5));
  let start: readonly Float64Array[] = orthonormal([...near, ...drawn]).basis.slice(0, size);
  let values: readonly number[] = start.map(() => 0);
  if (!matrix.some((value) => value !== 0)) return { values: values.slice(0, count), vectors: start.slice(0, count) };
  for (let round = 0; round < mostRounds; round++) {
    const found = refined(rows, start, size);
    start = found.vectors;
    values = found.values;
    const largest = at(found.values, 0);
    const isNear = found.residuals.slice(0, count).every((residual) => residual <= tolerances[tolerance] * largest);
    if (isNear || found.isWhole) break;
  }
  return { values: values.slice(0, count).map((value) => value * scale), vectors: start.slice(0, count).map(upright) };
}

/** The best directions in what the matrix makes of some, with what each lacks to an eigenvector. */
function refined(rows: readonly Float64Array[], start: readonly Float64Array[], size: number) {
  let basis = start;
  let latest = productsOf(rows, start);
  const products = [...latest];
  for (let power = 0; power < powers && basis.length < rows.length; power++) {
    const before = basis.length;
    basis = orthonormal([...basis, ...latest]).basis;
    latest = productsOf(rows, basis.slice(before));
    products.push(...latest);
  }
  const small = basis.map((vector) => Float64Array.from(products, (product) => dot(vector, product)));
  const { values, vectors } = largestEigenvectors(small, Math.min(size, basis.length));
  const turned = vectors.map((factors) => combined(basis, factors, rows.length));
  const residuals = vectors.map((factors, place) => {
    const product = combined(products, factors, rows.length);
    const [value, vector] = [at(values, place), at(turned, place)];
    return Math.sqrt(product.reduce((sum, each, index) => sum + (each - value * at(vector, index)) ** 2, 0));
  });
  return { values, vectors: turned, residuals, isWhole: basis.length === rows.length };
}

/** The matrix times each of some vectors; each row is read once, since a large matrix is in no cache. */
function productsOf(rows: readonly Float64Array[], vectors: readonly Float64Array[]): readonly Float64Array[] {
  const products = vectors.map(() => new Float64Array(rows.length));
  for (const [place, row] of rows.entries())
    for (const [index, vector] of vectors.entries()) at(products, index)[place] = dot(row, vector);
  return products;
}

function upright(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? vector.map((value) => -value) : vector;
}
