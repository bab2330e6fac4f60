import { at } from "../at.ts";
import { uniformFrom, uniformState } from "./functions.ts";
import { addTo, dot, normalise } from "./vectors.ts";

/** The largest eigenvalues from the largest down, with an eigenvector of length 1 for each. */
export interface Eigenvectors {
  readonly values: readonly number[];
  readonly vectors: readonly Float64Array[];
}

/**
 * The `count` largest eigenvalues of a symmetric matrix, which is given by rows and overwritten. Householder's reduction to a
 * tridiagonal matrix, QL for all eigenvalues, inverse iteration for the vectors that are wanted, as in LAPACK's dsyevx. There are
 * only sums, products, quotients and square roots, in one order: the same numbers come out on every machine.
 */
export function largestEigenvectors(matrix: readonly Float64Array[], count: number): Eigenvectors {
  const { tridiagonal, reflections } = reduce(matrix);
  const values = [...eigenvalues(tridiagonal)].sort((a, b) => b - a).slice(0, count);
  const vectors: Float64Array[] = [];
  for (const value of values) vectors.push(eigenvector(tridiagonal, value, vectors));
  for (const vector of vectors)
    for (const { from, vector: normal, factor } of reflections.toReversed()) {
      const part = vector.subarray(from);
      addTo(part, normal, -factor * dot(part, normal));
    }
  return { values, vectors };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** What stands below each element of the diagonal. */
  readonly beside: Float64Array;
}

/** 1 - factor v v', of the elements from a place on. */
interface Reflection {
  readonly from: number;
  readonly vector: Float64Array;
  readonly factor: number;
}

/** Reflections make each row in turn zero beyond the element beside the diagonal. */
function reduce(matrix: readonly Float64Array[]): {
  readonly tridiagonal: Tridiagonal;
  readonly reflections: readonly Reflection[];
} {
  const size = matrix.length;
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const reflections: Reflection[] = [];
  for (const [column, row] of matrix.entries()) {
    diagonal[column] = at(row, column);
    const from = column + 1;
    if (from === size) break;
    const vector = row.slice(from);
    const length = Math.sqrt(dot(vector, vector));
    const first = at(vector, 0);
    const signed = first > 0 ? -length : length;
    beside[column] = signed;
    if (length === 0) continue;
    vector[0] = first - signed;
    const factor = 2 / dot(vector, vector);
    reflect(matrix, { from, vector, factor });
    reflections.push({ from, vector, factor });
  }
  return { tridiagonal: { diagonal, beside }, reflections };
}

/** H A H = A - v w' - w v', of the part of A from an element on. */
function reflect(matrix: readonly Float64Array[], { from, vector, factor }: Reflection): void {
  const parts = matrix.slice(from).map((row) => row.subarray(from));
  const product = Float64Array.from(parts, (part) => factor * dot(part, vector));
  addTo(product, vector, (-factor / 2) * dot(product, vector));
  for (const [row, part] of parts.entries()) {
    const [a, b] = [at(vector, row), at(product, row)];
    for (let place = 0; place < part.length; place++)
      part[place] =
        (part[place] ?? Number.NaN) - a * (product[place] ?? Number.NaN) - b * (vector[place] ?? Number.NaN);
  }
}

/** Rounds of QL for one eigenvalue: a few are enough but for values that are not finite. */
const mostRounds = 60;

/** QL with implicit shifts (Bowdler, Martin, Reinsch and Wilkinson, 1968), until what stands beside the diagonal vanishes. */
function eigenvalues(tridiagonal: Tridiagonal): Float64Array {
  const diagonal = tridiagonal.diagonal.slice();
  const beside = tridiagonal.beside.slice();
  const size = diagonal.length;
  for (let first = 0; first < size; first++) {
    for (let round = 0; round < mostRounds; round++) {
      let last = first;
      for (; last + 1 < size; last++) {
        const around = Math.abs(at(diagonal, last)) + Math.abs(at(diagonal, last + 1));
        if (Math.abs(at(beside, last)) <= Number.EPSILON * around) break;
      }
      if (last === first) break;
      chase(diagonal, beside, first, last);
    }
  }
  return diagonal;
}

/** One round: rotations from the end of a part to its start. */
function chase(diagonal: Float64Array, beside: Float64Array, first: number, last: number): void {
  const half = (at(diagonal, first + 1) - at(diagonal, first)) / (2 * at(beside, first));
  const root = Math.sqrt(half * half + 1);
  const shift = at(beside, first) / (half + (half < 0 ? -root : root));
  let g = at(diagonal, last) - at(diagonal, first) + shift;
  let [sine, cosine, moved] = [1, 1, 0];
  for (let place = last - 1; place >= first; place--) {
    const [f, b] = [sine * at(beside, place), cosine * at(beside, place)];
    const length = Math.sqrt(f * f + g * g);
    beside[place + 1] = length;
    if (length === 0) {
      diagonal[place + 1] = at(diagonal, place + 1) - moved;
      beside[last] = 0;
      return;
    }
    sine = f / length;
    cosine = g / length;
    const before = at(diagonal, place + 1) - moved;
    const turned = (at(diagonal, place) - before) * sine + 2 * cosine * b;
    moved = sine * turned;
    diagonal[place + 1] = before + moved;
    g = cosine * turned - b;
  }
  diagonal[first] = at(diagonal, first) - moved;
  beside[first] = g;
  beside[last] = 0;
}

/** Two solutions are enough for a vector; more are for what is left when those of near values are taken out of it. */
const solutions = 4;

/** Inverse iteration from a vector without a pattern, kept orthogonal to the vectors before. */
function eigenvector(tridiagonal: Tridiagonal, value: number, others: readonly Float64Array[]): Float64Array {
  const state = uniformState(0, 0, others.length);
  const vector = Float64Array.from(tridiagonal.diagonal, (_, place) => uniformFrom(state, place) - 0.5);
  for (let round = 0; round < solutions; round++) {
    solve(tridiagonal, value, vector);
    normalise(vector);
    for (let pass = 0; pass < 2; pass++) {
      for (const other of others) addTo(vector, other, -dot(vector, other));
      normalise(vector);
    }
  }
  return vector;
}

/** Solves (T - shift) y = x in place, by elimination with row exchanges; a pivot of zero is one that is nearly so. */
function solve({ diagonal, beside }: Tridiagonal, shift: number, x: Float64Array): void {
  const size = diagonal.length;
  const pivots = diagonal.map((each) => each - shift);
  const above = beside.slice();
  const twoAbove = new Float64Array(size);
  const norm = Math.max(
    ...[diagonal, beside].map((each) => each.reduce((most, one) => Math.max(most, Math.abs(one)), 0)),
  );
  const tiny = Math.max(Number.EPSILON * norm, 1e-200);
  const pivotAt = (place: number): number => {
    const pivot = at(pivots, place);
    return Math.abs(pivot) < tiny ? tiny : pivot;
  };
  for (let row = 0; row + 1 < size; row++) {
    const below = at(beside, row);
    const next = row + 1;
    if (Math.abs(at(pivots, row)) >= Math.abs(below)) {
      const factor = below / pivotAt(row);
      pivots[next] = at(pivots, next) - factor * at(above, row);
      x[next] = at(x, next) - factor * at(x, row);
      continue;
    }
    const factor = at(pivots, row) / below;
    const diagonalBelow = at(pivots, next);
    pivots[row] = below;
    pivots[next] = at(above, row) - factor * diagonalBelow;
    above[row] = diagonalBelow;
    twoAbove[row] = next + 1 < size ? at(above, next) : 0;
    above[next] = -factor * at(twoAbove, row);
    const moved = at(x, row);
    x[row] = at(x, next);
    x[next] = moved - factor * at(x, row);
  }
  for (let row = size - 1; row >= 0; row--) {
    const first = row + 1 < size ? at(above, row) * at(x, row + 1) : 0;
    const second = row + 2 < size ? at(twoAbove, row) * at(x, row + 2) : 0;
    x[row] = (at(x, row) - first - second) / pivotAt(row);
  }
}
