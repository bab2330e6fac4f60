import { electedMean } from "./elected-mean.ts";
import { withLargest } from "./largest.ts";
import type { MergeOptions, Tasks } from "./merge.ts";

/** TIES (Yadav et al., 2023): what is largest in each tensor, and of that, the mean of those that agree in sign. */
export function ties({ tensors, weights }: Tasks, { density, sign }: Omit<MergeOptions, "draws">): Float64Array {
  return electedMean({ tensors: tensors.map((tensor) => withLargest(tensor, density)), weights }, sign);
}
