import { withLargest } from "./largest.ts";
import { linear } from "./linear.ts";
import type { MergeOptions, Tasks } from "./merge.ts";

/** The weighted sum of what is largest in each tensor. */
export function magnitudePrune({ tensors, weights }: Tasks, { density }: Pick<MergeOptions, "density">): Float64Array {
  return linear({ tensors: tensors.map((tensor) => withLargest(tensor, density)), weights });
}
