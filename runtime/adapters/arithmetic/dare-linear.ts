import { linear } from "./linear.ts";
import type { MergeOptions, Tasks } from "./merge.ts";
import { withRandomShare } from "./random-share.ts";

/** DARE (Yu et al., 2024): the weighted sum of a random share of each tensor. */
export function dareLinear(
  { tensors, weights }: Tasks,
  { density, draws }: Pick<MergeOptions, "density" | "draws">,
): Float64Array {
  return linear({
    tensors: tensors.map((tensor, adapter) => withRandomShare(tensor, density, draws(adapter))),
    weights,
  });
}
