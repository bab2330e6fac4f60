/** Loops over them read `?? Number.NaN`: what is not there makes everything that follows from it differ. */
type Numbers = ArrayLike<number>;

/** W as [outputs, inputs], what adapters make of it, and an update of the same shape, each by rows. */
export interface Observed {
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: Numbers;
  readonly folded: Numbers;
  readonly update: Numbers;
}

/** Relative error of what was computed in 64-bit floats. */
const tolerance = 1e-9;

/** The rows of a matrix as columns. */
export function turnedOver(matrix: Numbers, rows: number): Float64Array {
  const columns = matrix.length / rows;
  const turned = new Float64Array(matrix.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = matrix[row * columns + column] ?? Number.NaN;
  return turned;
}

/** up down, [outputs, inputs], of [outputs, rank] and [rank, inputs]. */
export function productOf(up: Numbers, down: Numbers, outputs: number, rank: number, inputs: number): Float64Array {
  const product = new Float64Array(outputs * inputs);
  for (let row = 0; row < outputs; row++)
    for (let middle = 0; middle < rank; middle++) {
      const factor = up[row * rank + middle] ?? Number.NaN;
      for (let column = 0; column < inputs; column++) {
        const place = row * inputs + column;
        product[place] = (product[place] ?? Number.NaN) + factor * (down[middle * inputs + column] ?? Number.NaN);
      }
    }
  return product;
}

/** The number s for which what was folded is W + s update; null where there is none. */
export function scaleOf({ weight, folded, update }: Observed): number | null {
  const change = sumOf(folded, -1, weight);
  const scale = dot(update, change, 0, change.length) / dot(update, update, 0, change.length);
  return isClose(folded, sumOf(weight, scale, update)) ? scale : null;
}

/**
 * The number s for which each row of what was folded is a multiple of that row of W + s update, as in DoRA; null where there
 * is none. Rows of one element are multiples of each other, and tell nothing.
 */
export function scaleOfDirections({ outputs, inputs, weight, folded, update }: Observed): number | null {
  const scales: number[] = [];
  const expected = new Float64Array(outputs * inputs);
  for (let from = 0; from < expected.length; from += inputs) {
    const of = (a: Numbers, b: Numbers): number => dot(a, b, from, from + inputs);
    // The row is a times that of W and b times that of the update: least squares for both.
    const [ww, wu, uu] = [of(weight, weight), of(weight, update), of(update, update)];
    const [wf, uf] = [of(weight, folded), of(update, folded)];
    const determinant = ww * uu - wu * wu;
    const a = (wf * uu - uf * wu) / determinant;
    const b = (uf * ww - wf * wu) / determinant;
    scales.push(b / a);
    for (let place = from; place < from + inputs; place++)
      expected[place] = a * (weight[place] ?? Number.NaN) + b * (update[place] ?? Number.NaN);
  }
  const [first = Number.NaN] = scales;
  const agree = scales.every((scale) => Math.abs(scale - first) <= tolerance * Math.abs(first) * 1e3);
  return agree && isClose(folded, expected) ? first : null;
}

/** Whether two tensors are the same but for rounding; false where anything is not finite. */
export function isClose(found: Numbers, expected: Numbers): boolean {
  if (found.length !== expected.length) return false;
  let largest = 0;
  let error = 0;
  for (let place = 0; place < expected.length; place++) {
    const value = expected[place] ?? Number.NaN;
    largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, Math.abs((found[place] ?? Number.NaN) - value));
  }
  return error <= tolerance * largest;
}

/** A matrix with `columns` columns whose rows are multiplied by one factor each. */
export function scaled(matrix: Numbers, factors: Numbers, columns: number): Float64Array {
  const result = new Float64Array(matrix.length);
  for (let place = 0; place < matrix.length; place++) {
    const factor = factors[Math.floor(place / columns)];
    result[place] = (matrix[place] ?? Number.NaN) * (factor ?? Number.NaN);
  }
  return result;
}

/** A weight [outputs, inputs / groups, ...] with each channel of its inputs multiplied by one factor. */
export function byChannel(
  weight: Numbers,
  factors: Numbers,
  [outputs = 0, channels = 0, ...kernel]: readonly number[],
  groups: number,
): Float64Array {
  const taps = kernel.reduce((product, size) => product * size, 1);
  return Float64Array.from(weight, (value, place) => {
    const row = Math.floor(place / (channels * taps));
    const first = Math.floor((row * groups) / outputs) * channels;
    return value * (factors[first + (Math.floor(place / taps) % channels)] ?? Number.NaN);
  });
}

/** A weight [outputs, inputs, ...] of one [outputs, inputs / groups, ...], which is 0 between different groups. */
export function wholeWeight(weight: Numbers, given: readonly number[], wanted: readonly number[]): Numbers {
  if (given.join() === wanted.join()) return weight;
  const [outputs = 0, channels = 0] = given;
  const [, inputs = 0, ...kernel] = wanted;
  const taps = kernel.reduce((product, size) => product * size, 1);
  const whole = new Float64Array(outputs * inputs * taps);
  for (let row = 0; row < outputs; row++) {
    const first = Math.floor((row * (inputs / channels)) / outputs) * channels;
    for (let place = 0; place < channels * taps; place++)
      whole[(row * inputs + first) * taps + place] = weight[row * channels * taps + place] ?? Number.NaN;
  }
  return whole;
}

/** a + scale b */
function sumOf(a: Numbers, scale: number, b: Numbers): Float64Array {
  const result = new Float64Array(a.length);
  for (let place = 0; place < a.length; place++)
    result[place] = (a[place] ?? Number.NaN) + scale * (b[place] ?? Number.NaN);
  return result;
}

function dot(a: Numbers, b: Numbers, from: number, to: number): number {
  let sum = 0;
  for (let place = from; place < to; place++) sum += (a[place] ?? Number.NaN) * (b[place] ?? Number.NaN);
  return sum;
}
