import { at } from "../../at.ts";

/** The nearest others of each of some vectors, nearest first, and how far away these are. */
export interface Nearest {
  readonly indices: readonly (readonly number[])[];
  readonly distances: readonly (readonly number[])[];
}

/** Vectors after which signals may be heard. */
const rowsAtOnce = 64;

/**
 * The `count` nearest others of each unit vector by Euclidean distance, exactly: n²/2 products, 3 s for 3,000 vectors of 512. Of equal
 * distances the earlier vector's counts as less. Now and then `hasToStop` is asked, with how many vectors are done: a promise so that
 * signals are heard meanwhile.
 */
export async function nearestOthers(
  vectors: readonly Float32Array[],
  count: number,
  hasToStop: (done: number) => Promise<boolean>,
): Promise<Nearest | "stopped"> {
  const best = vectors.map(() => new NearestFew(count));
  for (const [row, vector] of vectors.entries()) {
    const own = at(best, row);
    for (let other = row + 1; other < vectors.length; other++) {
      const closeness = product(vector, at(vectors, other));
      own.offer(other, closeness);
      at(best, other).offer(row, closeness);
    }
    if (row % rowsAtOnce === rowsAtOnce - 1 && (await hasToStop(row + 1))) return "stopped";
  }
  return {
    indices: best.map(({ indices }) => indices),
    // |a - b|² = 2 - 2 a·b; rounding may leave less than nothing.
    distances: best.map(({ products }) => products.map((each) => Math.sqrt(Math.max(0, 2 - 2 * each)))),
  };
}

/** The largest products so far, in order. */
class NearestFew {
  readonly indices: number[] = [];
  readonly products: number[] = [];
  private readonly count: number;

  constructor(count: number) {
    this.count = count;
  }

  offer(index: number, product: number): void {
    const { indices, products, count } = this;
    let place = products.length;
    // Later vectors come later, so that an equal one goes behind.
    if (place === count && product <= at(products, place - 1)) return;
    while (place > 0 && at(products, place - 1) < product) place--;
    products.splice(place, 0, product);
    indices.splice(place, 0, index);
    if (products.length > count) {
      products.pop();
      indices.pop();
    }
  }
}

/** Four sums, which the processor makes at once. */
function product(one: Float32Array, other: Float32Array): number {
  const even = one.length - (one.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  let index = 0;
  for (; index < even; index += 4) {
    a += (one[index] ?? 0) * (other[index] ?? 0);
    b += (one[index + 1] ?? 0) * (other[index + 1] ?? 0);
    c += (one[index + 2] ?? 0) * (other[index + 2] ?? 0);
    d += (one[index + 3] ?? 0) * (other[index + 3] ?? 0);
  }
  for (; index < one.length; index++) a += (one[index] ?? 0) * (other[index] ?? 0);
  return a + b + (c + d);
}
