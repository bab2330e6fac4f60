import { isDifferentiable } from "../ops/index.ts";
import { neededFor } from "./evaluate.ts";
import type { Node } from "./types.ts";

/** The nodes to which gradients of some numbers lead, those included: the ones that reverse mode can give a gradient. */
export function reachedByGradients(losses: readonly Node[]): ReadonlySet<Node> {
  const reached = new Set(losses);
  for (const node of neededFor(losses).toReversed()) {
    if (!reached.has(node) || !isDifferentiable(node.operation)) continue;
    for (const input of node.inputs) if (input.type.dtype === "f32" || input.type.dtype === "bf16") reached.add(input);
  }
  return reached;
}
