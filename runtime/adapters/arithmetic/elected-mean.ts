import { at } from "../../at.ts";
import type { ElectedBy, Tasks } from "./merge.ts";

/**
 * The mean of the weighted values that have the sign which most of an element's values have, before they are weighted, or which their
 * sum has; a tie is positive. Zeros have no sign. That is the second and third step of TIES.
 */
export function electedMean({ tensors, weights }: Tasks, sign: ElectedBy): Float64Array {
  return at(tensors, 0).map((_, element) => {
    let votes = 0;
    for (const tensor of tensors) {
      const value = tensor[element] ?? Number.NaN;
      votes += sign === "total" ? value : Math.sign(value);
    }
    const elected = votes >= 0 ? 1 : -1;
    let sum = 0;
    let count = 0;
    for (const [place, tensor] of tensors.entries()) {
      const value = tensor[element] ?? Number.NaN;
      if (Math.sign(value) !== elected) continue;
      sum += value * at(weights, place);
      count++;
    }
    return sum / Math.max(count, 1);
  });
}
