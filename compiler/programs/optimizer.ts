import type { Builder, Node } from "../ir/index.ts";
import type { Optimizer } from "../settings/index.ts";
import type { OptimizerSlot } from "./values.ts";

export interface UpdateContext {
  readonly parameter: Node;
  readonly gradient: Node;
  readonly learningRate: Node;
  /** Null for the optimizer's; vectors and single numbers, such as biases and scales, do not decay then. */
  readonly weightDecay: number | null;
  /** The number of this step among those that move the parameter, from 1 on, as f32. */
  readonly count: Node;
  /** What is kept in that slot, with the parameter's shape, zeros before the first step. */
  readonly state: (slot: OptimizerSlot) => Node;
}

/** The new value of a parameter, and of what the optimizer keeps for it. */
export interface Update {
  readonly parameter: Node;
  readonly state: ReadonlyMap<OptimizerSlot, Node>;
}

/** Builds one update. */
export function buildUpdate(optimizer: Optimizer, context: UpdateContext, build: Builder): Update {
  const { parameter, weightDecay } = context;
  const decay = weightDecay ?? (parameter.type.shape.length > 1 ? optimizer.weightDecay : 0);
  switch (optimizer.kind) {
    case "adam":
      return buildAdam(optimizer, decay, context, build);
    case "sgd":
      return buildSgd(optimizer.momentum, decay, context, build);
  }
}

/** Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019), in PyTorch's order of operations. */
function buildAdam(
  { betas: [beta1, beta2], epsilon, decoupled }: Optimizer & { readonly kind: "adam" },
  decay: number,
  { parameter, gradient, learningRate, count, state }: UpdateContext,
  build: Builder,
): Update {
  const add = (a: Node, b: Node): Node => build.add({ op: "add" }, a, b);
  const sub = (a: Node, b: Node): Node => build.add({ op: "sub" }, a, b);
  const isDecayed = decay !== 0;
  const slope = isDecayed && !decoupled ? add(gradient, build.mul(parameter, decay)) : gradient;
  const mean = add(build.mul(state("mean"), beta1), build.mul(slope, 1 - beta1));
  const square = add(build.mul(state("square"), beta2), build.mul(build.mul(slope, slope), 1 - beta2));
  const correction = (beta: number): Node =>
    sub(build.constant(1), build.add({ op: "pow" }, build.constant(beta), count));
  const denominator = add(
    build.add({ op: "div" }, build.add({ op: "sqrt" }, square), build.add({ op: "sqrt" }, correction(beta2))),
    build.constant(epsilon),
  );
  const stepSize = build.add({ op: "div" }, learningRate, correction(beta1));
  const kept =
    isDecayed && decoupled ? sub(parameter, build.mul(parameter, build.mul(learningRate, decay))) : parameter;
  const moved = sub(kept, build.mul(stepSize, build.add({ op: "div" }, mean, denominator)));
  return {
    parameter: moved,
    state: new Map<OptimizerSlot, Node>([
      ["mean", mean],
      ["square", square],
    ]),
  };
}

/** Stochastic gradient descent with momentum, as PyTorch has it: the velocity is the sum, not the mean. */
function buildSgd(
  momentum: number,
  decay: number,
  { parameter, gradient, learningRate, state }: UpdateContext,
  build: Builder,
): Update {
  const slope = decay === 0 ? gradient : build.add({ op: "add" }, gradient, build.mul(parameter, decay));
  const velocity = momentum === 0 ? slope : build.add({ op: "add" }, build.mul(state("velocity"), momentum), slope);
  const moved = build.add({ op: "sub" }, parameter, build.mul(velocity, learningRate));
  return { parameter: moved, state: momentum === 0 ? new Map() : new Map([["velocity", velocity]]) };
}
