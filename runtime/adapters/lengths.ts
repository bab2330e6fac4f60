/** A module with DoRA: W and what it is folded into, [outputs, inputs]; up, [outputs, rank], and down, [rank, inputs]. */
interface FoldedDora {
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
  readonly scale: number;
  readonly weight: ArrayLike<number>;
  readonly down: ArrayLike<number>;
  readonly up: ArrayLike<number>;
  readonly folded: ArrayLike<number>;
}

/**
 * The number m of each row for which it is folded into m v / |v|, for that row v of W + scale up down: PEFT's
 * `lora_magnitude_vector`, [outputs]. It is negative where a row was turned around.
 */
export function lengthsOf({ outputs, inputs, rank, scale, weight, down, up, folded }: FoldedDora): Float32Array {
  const lengths = new Float32Array(outputs);
  for (let row = 0; row < outputs; row++) {
    let along = 0;
    let square = 0;
    for (let column = 0; column < inputs; column++) {
      let update = 0;
      // All of these elements are there; checking that with `at` is too slow for these loops.
      for (let middle = 0; middle < rank; middle++)
        update += (up[row * rank + middle] ?? 0) * (down[middle * inputs + column] ?? 0);
      const value = (weight[row * inputs + column] ?? 0) + scale * update;
      along += value * (folded[row * inputs + column] ?? 0);
      square += value * value;
    }
    lengths[row] = square === 0 ? 0 : along / Math.sqrt(square);
  }
  return lengths;
}
