import { at } from "../at.ts";
import type { Builder, Node } from "../ir/index.ts";
import type { Optimizer, TrainSettings } from "../settings/index.ts";
import { type OptimizerSlot, type Slot, slotShape } from "./values.ts";

export interface UpdateContext {
  readonly parameter: Node;
  readonly gradient: Node;
  readonly learningRate: Node;
  /** Null for the optimizer's; vectors and single numbers, such as biases and scales, do not decay then. */
  readonly weightDecay: number | null;
  /** The number of this step among those that move the parameter, from 1 on, as f32. */
  readonly count: Node;
  /** What is kept in that slot, zeros before the first step. */
  readonly state: (slot: OptimizerSlot) => Node;
}

/** The new value of a parameter, and of what the optimizer keeps for it. */
export interface Update {
  readonly parameter: Node;
  readonly state: ReadonlyMap<OptimizerSlot, Node>;
}

/** What an optimizer keeps for a parameter of some shape. */
function slotsOf(optimizer: Optimizer, shape: readonly number[]): readonly OptimizerSlot[] {
  switch (optimizer.kind) {
    case "adam":
      return ["mean", "square"];
    case "sgd":
      return optimizer.momentum === 0 ? [] : ["velocity"];
    case "lion":
      return ["mean"];
    case "adafactor":
      return shape.length > 1 ? ["row", "column"] : ["square"];
  }
}

/** How many numbers a training keeps for a parameter of some shape. */
export function numbersKept(
  { optimizer, ema }: Pick<TrainSettings, "optimizer" | "ema">,
  shape: readonly number[],
): number {
  const slots: readonly Slot[] = ema === null ? slotsOf(optimizer, shape) : [...slotsOf(optimizer, shape), "average"];
  const counts = slots.map((slot) => slotShape(slot, shape).reduce((all, size) => all * size, 1));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Builds one update. */
export function buildUpdate(optimizer: Optimizer, context: UpdateContext, build: Builder): Update {
  const { parameter, weightDecay } = context;
  const decay = weightDecay ?? (parameter.type.shape.length > 1 ? optimizer.weightDecay : 0);
  switch (optimizer.kind) {
    case "adam":
      return buildAdam(optimizer, decay, context, build);
    case "sgd":
      return buildSgd(optimizer, decay, context, build);
    case "lion":
      return buildLion(optimizer.betas, decay, context, build);
    case "adafactor":
      return buildAdafactor(optimizer, decay, context, build);
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
  const kept = decoupled ? decayed(parameter, decay, learningRate, build) : parameter;
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
  { momentum, nesterov }: Optimizer & { readonly kind: "sgd" },
  decay: number,
  { parameter, gradient, learningRate, state }: UpdateContext,
  build: Builder,
): Update {
  const slope = decay === 0 ? gradient : build.add({ op: "add" }, gradient, build.mul(parameter, decay));
  const velocity = momentum === 0 ? slope : build.add({ op: "add" }, build.mul(state("velocity"), momentum), slope);
  const direction = nesterov ? build.add({ op: "add" }, slope, build.mul(velocity, momentum)) : velocity;
  const moved = build.add({ op: "sub" }, parameter, build.mul(direction, learningRate));
  return { parameter: moved, state: momentum === 0 ? new Map() : new Map([["velocity", velocity]]) };
}

/** Lion (Chen et al., 2023), as lion-pytorch has it: the sign of a mean, which is then kept with another rate. */
function buildLion(
  [beta1, beta2]: readonly [number, number],
  decay: number,
  { parameter, gradient, learningRate, state }: UpdateContext,
  build: Builder,
): Update {
  const meanWith = (beta: number): Node =>
    build.add({ op: "add" }, build.mul(state("mean"), beta), build.mul(gradient, 1 - beta));
  const direction = build.add({ op: "sign" }, meanWith(beta1));
  const kept = decayed(parameter, decay, learningRate, build);
  return {
    parameter: build.add({ op: "sub" }, kept, build.mul(direction, learningRate)),
    state: new Map([["mean", meanWith(beta2)]]),
  };
}

/**
 * Adafactor (Shazeer and Stern, 2018), as torch.optim.Adafactor has it: of the squares of a matrix it keeps the means of rows and
 * of columns, and steps are relative to the size of the parameter.
 */
function buildAdafactor(
  { beta2Decay, epsilons: [least, leastSize], clip }: Optimizer & { readonly kind: "adafactor" },
  decay: number,
  { parameter, gradient, learningRate, count, state }: UpdateContext,
  build: Builder,
): Update {
  const { shape } = parameter.type;
  const axes = shape.map((_, axis) => axis);
  const atLeast = (x: Node, value: number): Node => build.add({ op: "maximum" }, x, build.constant(value));
  const meanOf = (x: Node, over: readonly number[], keep: boolean): Node =>
    build.mul(build.sum(x, over, keep), 1 / over.reduce((product, axis) => product * at(shape, axis), 1));
  const size = (x: Node): Node => build.add({ op: "sqrt" }, meanOf(build.mul(x, x), axes, false));
  const forgotten = build.add({ op: "pow" }, count, build.constant(beta2Decay));
  const squares = build.mul(gradient, gradient);
  const follow = (slot: OptimizerSlot, now: Node): Node => {
    const change = build.add({ op: "sub" }, now, state(slot));
    return build.add({ op: "add" }, state(slot), build.mul(change, forgotten));
  };
  const kept = new Map<OptimizerSlot, Node>();
  let estimate: Node;
  if (shape.length > 1) {
    const row = follow("row", meanOf(squares, [shape.length - 1], true));
    const column = follow("column", meanOf(squares, [shape.length - 2], true));
    const scale = atLeast(meanOf(row, [shape.length - 2], true), least);
    estimate = build.add({ op: "div" }, build.mul(row, column), scale);
    kept.set("row", row).set("column", column);
  } else {
    estimate = follow("square", squares);
    kept.set("square", estimate);
  }
  const direction = build.mul(build.add({ op: "rsqrt" }, atLeast(estimate, least * least)), gradient);
  const shortened = atLeast(build.mul(size(direction), 1 / clip), 1);
  const root = build.add({ op: "rsqrt" }, count);
  const rate = build.mul(build.add({ op: "minimum" }, learningRate, root), atLeast(size(parameter), leastSize));
  const change = build.mul(direction, build.add({ op: "div" }, rate, shortened));
  return {
    parameter: build.add({ op: "sub" }, decayed(parameter, decay, learningRate, build), change),
    state: kept,
  };
}

/** Decoupled weight decay. */
function decayed(parameter: Node, decay: number, learningRate: Node, build: Builder): Node {
  if (decay === 0) return parameter;
  return build.add({ op: "sub" }, parameter, build.mul(parameter, build.mul(learningRate, decay)));
}
