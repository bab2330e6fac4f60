import { at } from "../../at.ts";
import type { Features } from "./standardise.ts";

/** The sums of products of each two features over all rows, [width][width], of which the places from the diagonal on are filled. */
export function productsOf({ values, width }: Features): Float64Array {
  const products = new Float64Array(width * width);
  const rows = width === 0 ? 0 : values.length / width;
  // Four rows at a time, so that a sum is loaded and stored once for four products.
  for (let row = 0; row < rows; row += 4) {
    const [from0, from1, from2, from3] = [0, 1, 2, 3].map((next) => (row + next) * width);
    addProducts(products, values, width, [from0 ?? 0, from1 ?? 0, from2 ?? 0, from3 ?? 0]);
  }
  return products;
}

function addProducts(
  products: Float64Array,
  values: Float64Array,
  width: number,
  [from0, from1, from2, from3]: readonly [number, number, number, number],
): void {
  for (let first = 0; first < width; first++) {
    const x0 = values[from0 + first] ?? 0;
    // Beyond the last row there is nothing.
    const x1 = values[from1 + first] ?? 0;
    const x2 = values[from2 + first] ?? 0;
    const x3 = values[from3 + first] ?? 0;
    const base = first * width;
    for (let second = first; second < width; second++) {
      const added =
        x0 * (values[from0 + second] ?? 0) +
        x1 * (values[from1 + second] ?? 0) +
        x2 * (values[from2 + second] ?? 0) +
        x3 * (values[from3 + second] ?? 0);
      products[base + second] = (products[base + second] ?? 0) + added;
    }
  }
}

/** How strongly the loss of a logistic regression bends in each direction, roughly and for every class: solves by it. */
export type Bending = (gradient: Float64Array) => Float64Array;

/**
 * A tenth of the products of features, plus the strength: the second derivatives where probabilities are near 0.9 or 0.1 (at most a
 * fourth, less where they are surer). For the intercept, whose products with features of mean 0 are 0, a tenth of the rows.
 */
export function bendingOf(products: Float64Array, width: number, rows: number, strength: number): Bending {
  const factor = products.map((sum) => share * sum);
  for (let place = 0; place < width; place++)
    factor[place * width + place] = at(factor, place * width + place) + strength;
  factorise(factor, width);
  return (gradient) => {
    const solved = Float64Array.from(gradient);
    solve(factor, width, solved);
    solved[width] = at(gradient, width) / (share * rows);
    return solved;
  };
}

const share = 0.1;

/** Cholesky: the upper triangle becomes R with R' R = the matrix, which has to be positive definite. */
function factorise(matrix: Float64Array, width: number): void {
  for (let pivot = 0; pivot < width; pivot++) {
    const own = pivot * width;
    const root = Math.sqrt(at(matrix, own + pivot));
    for (let place = pivot; place < width; place++) matrix[own + place] = (matrix[own + place] ?? 0) / root;
    for (let row = pivot + 1; row < width; row++) {
      const scale = matrix[own + row] ?? 0;
      const base = row * width;
      for (let place = row; place < width; place++) {
        matrix[base + place] = (matrix[base + place] ?? 0) - scale * (matrix[own + place] ?? 0);
      }
    }
  }
}

/** Solves R' R x = values in place. */
function solve(factor: Float64Array, width: number, values: Float64Array): void {
  for (let row = 0; row < width; row++) {
    const base = row * width;
    const value = (values[row] ?? 0) / (factor[base + row] ?? 1);
    values[row] = value;
    for (let place = row + 1; place < width; place++) {
      values[place] = (values[place] ?? 0) - value * (factor[base + place] ?? 0);
    }
  }
  for (let row = width - 1; row >= 0; row--) {
    const base = row * width;
    let value = values[row] ?? 0;
    for (let place = row + 1; place < width; place++) value -= (values[place] ?? 0) * (factor[base + place] ?? 0);
    values[row] = value / (factor[base + row] ?? 1);
  }
}
