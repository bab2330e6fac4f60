import { addTo } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { Tasks } from "./merge.ts";

/** The weighted sum: task arithmetic (Ilharco et al., 2023). */
export function linear({ tensors, weights }: Tasks): Float64Array {
  const sum = new Float64Array(at(tensors, 0).length);
  for (const [place, tensor] of tensors.entries()) addTo(sum, tensor, at(weights, place));
  return sum;
}
