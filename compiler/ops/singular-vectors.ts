import { at } from "../at.ts";
import { largestEigenvectors } from "./eigenvectors.ts";
import type { Elements } from "./rule.ts";
import { addTo, dot, normalise, transposed } from "./vectors.ts";

/** The leading part of a singular value decomposition: the matrix is nearest to the sum of value x left x right. */
export interface SingularVectors {
  /** From the largest down. */
  readonly values: Float64Array;
  /** A vector for each value, of as many elements as the matrix has rows, or columns. */
  readonly left: readonly Float64Array[];
  readonly right: readonly Float64Array[];
}

/**
 * A singular value below that share of the largest cannot be told from zero, since its square is below what 64-bit floats
 * resolve: its vectors are zeros.
 */
const nothing = Math.sqrt(Number.EPSILON);

/**
 * The `rank` largest singular values of a matrix with their vectors, from the eigenvectors of its product with itself on the
 * shorter side, whatever the gaps between the values are. The largest element of each left vector is positive.
 */
export function singularVectors(matrix: Elements, rows: number, columns: number, rank: number): SingularVectors {
  const given = Array.from({ length: rows }, (_, row) =>
    Float64Array.from(matrix.subarray(row * columns, (row + 1) * columns)),
  );
  const isWide = columns > rows;
  const short = isWide ? given : transposed(given);
  const values = new Float64Array(rank);
  const ofShort: Float64Array[] = [];
  const ofLong: Float64Array[] = [];
  for (const [place, vector] of largestEigenvectors(productsOf(short), rank).vectors.entries()) {
    const other = combined(short, vector);
    const value = Math.sqrt(dot(other, other));
    const isNothing = value === 0 || value <= nothing * (values[0] ?? 0);
    values[place] = isNothing ? 0 : value;
    const turn = signOf(isWide ? vector : other);
    ofShort.push(vector.map((each) => (isNothing ? 0 : turn * each)));
    ofLong.push(other.map((each) => (isNothing ? 0 : (turn * each) / value)));
  }
  return isWide ? { values, left: ofShort, right: ofLong } : { values, left: ofLong, right: ofShort };
}

/**
 * All singular values of a small matrix, which is given by rows, with the accuracy of the largest: they are the eigenvalues of
 * [0 M; M' 0], so that none is squared, as it is above. It takes (rows + columns)^3 steps. Those below what 64-bit floats resolve are
 * zeros, and so are their vectors.
 */
export function smallSingularVectors(matrix: readonly Float64Array[], columns: number): SingularVectors {
  const rows = matrix.length;
  const rank = Math.min(rows, columns);
  const largest = matrix.reduce((most, row) => row.reduce((all, value) => Math.max(all, Math.abs(value)), most), 0);
  const values = new Float64Array(rank);
  const left = Array.from({ length: rank }, () => new Float64Array(rows));
  const right = Array.from({ length: rank }, () => new Float64Array(columns));
  if (largest === 0) return { values, left, right };
  const found = largestEigenvectors(symmetric(matrix, columns, largest), rank);
  const resolved = Number.EPSILON * Math.max(rows, columns) * at(found.values, 0);
  for (const [place, value] of found.values.entries()) {
    if (value <= resolved) break;
    const vector = at(found.vectors, place);
    values[place] = value * largest;
    left[place] = vector.slice(0, rows);
    right[place] = vector.slice(rows);
    normalise(at(left, place));
    normalise(at(right, place));
  }
  return { values, left, right };
}

/** [0 M; M' 0] of a matrix divided by its largest element. */
function symmetric(matrix: readonly Float64Array[], columns: number, largest: number): readonly Float64Array[] {
  const rows = matrix.length;
  const whole = Array.from({ length: rows + columns }, () => new Float64Array(rows + columns));
  for (const [row, values] of matrix.entries())
    for (const [column, value] of values.entries()) {
      at(whole, row)[rows + column] = value / largest;
      at(whole, rows + column)[row] = value / largest;
    }
  return whole;
}

/** The products of all rows with each other. */
function productsOf(rows: readonly Float64Array[]): readonly Float64Array[] {
  const products = rows.map(() => new Float64Array(rows.length));
  for (const [place, row] of rows.entries())
    for (let other = 0; other <= place; other++) {
      const product = dot(row, at(rows, other));
      at(products, place)[other] = product;
      at(products, other)[place] = product;
    }
  return products;
}

/** The sum of rows times factors. */
function combined(rows: readonly Float64Array[], factors: Float64Array): Float64Array {
  const sum = new Float64Array(at(rows, 0).length);
  for (const [place, row] of rows.entries()) addTo(sum, row, at(factors, place));
  return sum;
}

/** The sign of the largest element, of equal ones the first. */
function signOf(vector: Float64Array): number {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}
