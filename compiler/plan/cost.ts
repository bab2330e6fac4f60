import { byteCount, type Node, neededFor } from "../ir/index.ts";
import { flopsOfNode, isDifferentiable, savedBy } from "../ops/index.ts";

/** What a step costs; estimates from the operations, before any of them is fused, shared or recomputed. */
export interface Cost {
  /** Floating-point operations of one forward pass, without what is the same in every step. */
  readonly forwardFlops: number;
  /** The forward pass and the gradients that something trainable needs. */
  readonly stepFlops: number;
  /** What the backward pass reads again. */
  readonly activationBytes: number;
}

/** Estimates a training step from the nodes that its losses need. */
export function estimateCost(losses: readonly Node[], isTrainable: (path: string) => boolean): Cost {
  const nodes = neededFor(losses);
  const varies = new Set<Node>();
  const needsGradient = new Set<Node>();
  const kept = new Set<Node>();
  let forwardFlops = 0;
  let backwardFlops = 0;
  for (const node of nodes) {
    const { operation, inputs } = node;
    const isTrained = operation.op === "parameter" && isTrainable(operation.path);
    if (isTrained || operation.op === "input" || inputs.some((input) => varies.has(input))) varies.add(node);
    const gradients = inputs.filter((input) => needsGradient.has(input)).length;
    const passesOn = gradients > 0 && isDifferentiable(operation);
    if (isTrained || passesOn) needsGradient.add(node);
    if (!varies.has(node)) continue;
    const flops = flopsOfNode(node);
    forwardFlops += flops;
    if (!passesOn) continue;
    backwardFlops += gradients * flops;
    const saved = savedBy(operation);
    if (saved === "output") kept.add(node);
    if (saved === "inputs")
      for (const input of inputs) if (varies.has(input) && input.operation.op !== "parameter") kept.add(input);
  }
  let activationBytes = 0;
  for (const { type } of kept) activationBytes += byteCount(type);
  return { forwardFlops, stepFlops: forwardFlops + backwardFlops, activationBytes };
}
