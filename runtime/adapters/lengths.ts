/**
 * A module with DoRA: W and what it is folded into, [outputs, inputs], or both [inputs, outputs] if turned; up, [outputs, rank], and down,
 * [rank, inputs].
 */
interface FoldedDora {
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
  readonly scale: number;
  readonly isTurned: boolean;
  readonly weight: ArrayLike<number>;
  readonly down: ArrayLike<number>;
  readonly up: ArrayLike<number>;
  readonly folded: ArrayLike<number>;
}

/**
 * The number m of each output for which it is folded into m v / |v|, for that output's row v of W + scale up down: PEFT's
 * `lora_magnitude_vector`, [outputs]. It is negative where a row was turned around.
 */
export function lengthsOf(dora: FoldedDora): Float32Array {
  const { outputs, inputs, rank, scale, isTurned, weight, down, up, folded } = dora;
  const [rowStep, columnStep] = isTurned ? [1, outputs] : [inputs, 1];
  const lengths = new Float32Array(outputs);
  for (let row = 0; row < outputs; row++) {
    let along = 0;
    let square = 0;
    for (let column = 0; column < inputs; column++) {
      let update = 0;
      // All of these elements are there; checking that with `at` is too slow for these loops.
      for (let middle = 0; middle < rank; middle++)
        update += (up[row * rank + middle] ?? 0) * (down[middle * inputs + column] ?? 0);
      const place = row * rowStep + column * columnStep;
      const value = (weight[place] ?? 0) + scale * update;
      along += value * (folded[place] ?? 0);
      square += value * value;
    }
    lengths[row] = square === 0 ? 0 : along / Math.sqrt(square);
  }
  return lengths;
}
