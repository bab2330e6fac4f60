import { at } from "../../at.ts";
import type { PlannedTensor } from "../../plan/index.ts";
import { withFewRows } from "./fewer-rows.ts";
import { scaleOf } from "./fit.ts";
import type { FoldedModule, FoldedParameter } from "./fold.ts";
import { probeValues, type Values, valueFor } from "./probe.ts";

/**
 * A parameter W becomes W + scale up down, as PEFT's ParamWrapper has it: [outputs, inputs], or a stack of such matrices, each with an update
 * of its own, or of such with their axes in the other order.
 */
export interface LowRankParameter {
  readonly kind: "low-rank-parameter";
  /** The parameter's name in checkpoints. */
  readonly module: string;
  /** [experts x rank, inputs], in which the ranks of an expert are together. */
  readonly down: PlannedTensor;
  /** [outputs, rank x experts], in which the experts of a rank are together. */
  readonly up: PlannedTensor;
  readonly experts: number;
  readonly rank: number;
  readonly scale: number;
}

/** The axes of matrices in a stack: [experts, outputs, inputs], or [experts, inputs, outputs]. */
interface Axes {
  readonly outputs: number;
  readonly inputs: number;
}

/** How the names of both matrices of an update end in checkpoints. */
export interface NamedMatrices {
  readonly down: string;
  readonly up: string;
}

/** The low-rank update of a parameter by an adapter with these tensors alone; null where it computes something else. */
export function updateOfParameter(
  folded: FoldedParameter,
  own: readonly PlannedTensor[],
  names: NamedMatrices,
): LowRankParameter | null {
  const { checkpoint, shape } = folded.parameter;
  const named = (ending: string): PlannedTensor | undefined =>
    own.find((each) => each.checkpoint === `${checkpoint}${ending}`);
  const [down, up] = [named(names.down), named(names.up)];
  if (down === undefined || up === undefined || own.length !== 2) return null;
  const experts = shape.length === 3 ? at(shape, 0) : 1;
  const rank = at(down.shape, 0) / experts;
  const orders: readonly Axes[] =
    shape.length === 3 ? [{ outputs: 1, inputs: 2 }, ...(experts > 1 ? [{ outputs: 2, inputs: 1 }] : [])] : [];
  for (const axes of shape.length === 2 ? [{ outputs: 0, inputs: 1 }] : orders) {
    const isDown = down.shape.join() === [experts * rank, shape[axes.inputs]].join();
    const isUp = up.shape.join() === [shape[axes.outputs], rank * experts].join();
    const scale = isDown && isUp ? scaleIn(folded, axes, { down, up, experts, rank }) : null;
    if (scale !== null) return { kind: "low-rank-parameter", module: checkpoint, down, up, experts, rank, scale };
  }
  return null;
}

/** The scale of the update with these axes; null where it is none. From two sets of numbers: one that follows from them is none. */
function scaleIn(
  whole: FoldedParameter,
  axes: Axes,
  { down, up, ...sizes }: Pick<LowRankParameter, "down" | "up" | "experts" | "rank">,
): number | null {
  const module: FoldedModule = { path: "", weight: whole, isTurned: false, groups: 1, dilation: [], bias: null };
  const few = withFewRows(module, axes.outputs);
  const { parameter, node } = few?.folded.weight ?? whole;
  const [one, two] = [1, 2].map((seed) => {
    const values = probeValues([node], seed);
    const update = updateFrom(parameter.shape, axes, sizes, dataOf(down, values), dataOf(up, values));
    const [weight, folded] = [dataOf(parameter, values), valueFor(node, values)];
    return scaleOf({ outputs: 1, inputs: update.length, weight, folded, update });
  });
  const isSame = typeof one === "number" && typeof two === "number" && Math.abs(one - two) <= 1e-6 * Math.abs(one);
  return isSame ? Number(one.toPrecision(12)) : null;
}

function dataOf({ path }: PlannedTensor, values: Values): ArrayLike<number> {
  return values.get(path)?.data ?? [];
}

/** up down of each expert, in the order of the parameter's elements. */
function updateFrom(
  shape: readonly number[],
  axes: Axes,
  { experts, rank }: { readonly experts: number; readonly rank: number },
  down: ArrayLike<number>,
  up: ArrayLike<number>,
): Float64Array {
  const [outputs, inputs] = [at(shape, axes.outputs), at(shape, axes.inputs)];
  const [perOutput, perInput] = axes.outputs < axes.inputs ? [inputs, 1] : [1, outputs];
  const update = new Float64Array(experts * outputs * inputs);
  for (let expert = 0; expert < experts; expert++)
    for (let output = 0; output < outputs; output++)
      for (let middle = 0; middle < rank; middle++) {
        const factor = up[(output * rank + middle) * experts + expert] ?? Number.NaN;
        const row = (expert * rank + middle) * inputs;
        for (let input = 0; input < inputs; input++) {
          const place = expert * outputs * inputs + output * perOutput + input * perInput;
          update[place] = (update[place] ?? Number.NaN) + factor * (down[row + input] ?? Number.NaN);
        }
      }
  return update;
}
