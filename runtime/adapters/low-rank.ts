type Numbers = ArrayLike<number>;

/** The update scale x up x down of a weight, [outputs, inputs]: up is [outputs, rank], and down is [rank, inputs]. */
export interface LowRankUpdate {
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
  readonly down: Numbers;
  readonly up: Numbers;
  readonly scale: number;
}

/**
 * The sum of the products of the elements of two updates of the same shape, without either of them: up down is a sum of outer
 * products, and two of these meet in the product of what their columns and what their rows have in common.
 */
export function innerProduct(a: LowRankUpdate, b: LowRankUpdate): number {
  let sum = 0;
  for (let i = 0; i < a.rank; i++) for (let j = 0; j < b.rank; j++) sum += columnsOf(a, i, b, j) * rowsOf(a, i, b, j);
  return a.scale * b.scale * sum;
}

/** The Frobenius norm of an update. */
export function normOf(update: LowRankUpdate): number {
  return Math.sqrt(Math.max(0, innerProduct(update, update)));
}

/**
 * The Frobenius norm of a - b. It is that of (up_a - up_b) down_a + up_b (down_a - down_b), with scales in `up` and with zeros up
 * to the larger rank, where nothing large is taken from something large when the two are near each other.
 */
export function normOfDifference(a: LowRankUpdate, b: LowRankUpdate): number {
  const { outputs, inputs } = a;
  const rank = Math.max(a.rank, b.rank);
  const up = new Float64Array(outputs * 2 * rank);
  const down = new Float64Array(2 * rank * inputs);
  for (let index = 0; index < rank; index++) {
    for (let row = 0; row < outputs; row++) {
      const other = b.scale * upAt(b, row, index);
      up[row * 2 * rank + index] = a.scale * upAt(a, row, index) - other;
      up[row * 2 * rank + rank + index] = other;
    }
    for (let column = 0; column < inputs; column++) {
      const own = downAt(a, index, column);
      down[index * inputs + column] = own;
      down[(rank + index) * inputs + column] = own - downAt(b, index, column);
    }
  }
  return normOf({ outputs, inputs, rank: 2 * rank, up, down, scale: 1 });
}

function columnsOf(a: LowRankUpdate, i: number, b: LowRankUpdate, j: number): number {
  let sum = 0;
  for (let row = 0; row < a.outputs; row++) sum += upAt(a, row, i) * upAt(b, row, j);
  return sum;
}

function rowsOf(a: LowRankUpdate, i: number, b: LowRankUpdate, j: number): number {
  let sum = 0;
  for (let column = 0; column < a.inputs; column++) sum += downAt(a, i, column) * downAt(b, j, column);
  return sum;
}

/** An element of `up`, or 0 beyond the rank. Within it there is one; checking that with `at` is too slow for these loops. */
function upAt({ rank, up }: LowRankUpdate, row: number, index: number): number {
  return index < rank ? (up[row * rank + index] ?? 0) : 0;
}

function downAt({ rank, inputs, down }: LowRankUpdate, index: number, column: number): number {
  return index < rank ? (down[index * inputs + column] ?? 0) : 0;
}
