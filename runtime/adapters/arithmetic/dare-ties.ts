import { electedMean } from "./elected-mean.ts";
import type { MergeOptions, Tasks } from "./merge.ts";
import { withRandomShare } from "./random-share.ts";

/** DARE before TIES's vote (Yu et al., 2024): of a random share of each tensor, the mean of those that agree in sign. */
export function dareTies({ tensors, weights }: Tasks, { density, sign, draws }: MergeOptions): Float64Array {
  const kept = tensors.map((tensor, adapter) => withRandomShare(tensor, density, draws(adapter)));
  return electedMean({ tensors: kept, weights }, sign);
}
