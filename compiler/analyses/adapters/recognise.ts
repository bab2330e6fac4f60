import { at } from "../../at.ts";
import type { PlannedTensor } from "../../plan/index.ts";
import { withFewRows } from "./fewer-rows.ts";
import {
  byChannel,
  isClose,
  type Observed,
  productOf,
  scaled,
  scaleOf,
  scaleOfDirections,
  turnedOver,
  wholeWeight,
} from "./fit.ts";
import type { FoldedModule } from "./fold.ts";
import { probeValues, type Values, valueFor } from "./probe.ts";

/** Which of an adapter's parameters and buffers are what PEFT calls so. */
export interface Named {
  readonly down: PlannedTensor | undefined;
  readonly up: PlannedTensor | undefined;
  readonly factors: PlannedTensor | undefined;
}

/** A form without the names of what it is made of. */
export type Form =
  | { readonly kind: "low-rank"; readonly scale: number; readonly hasLengths: boolean }
  /** With the places of both matrices that are taken out of the weight among the adapter's own that have no name in PEFT. */
  | { readonly kind: "low-rank-change"; readonly scale: number; readonly down: number; readonly up: number }
  | { readonly kind: "factors"; readonly on: "inputs" | "outputs" | "either" }
  | { readonly kind: "other" };

/** From two sets of numbers: a scale that follows from the numbers is none. */
export function recognise(whole: FoldedModule, all: readonly PlannedTensor[], named: Named): Form {
  // DoRA has the lengths of a table's columns, which follow from all of its rows.
  const few = withFewRows(whole) ?? withFewRows(whole, 1);
  const folded = few?.folded ?? whole;
  const narrowed = new Map(all.map((tensor) => [tensor, few?.narrowed(tensor) ?? tensor]));
  const own = [...narrowed.values()];
  const fewOf = (tensor: PlannedTensor | undefined): PlannedTensor | undefined =>
    tensor === undefined ? undefined : (narrowed.get(tensor) ?? tensor);
  const given = { down: fewOf(named.down), up: fewOf(named.up), factors: fewOf(named.factors) };
  const nodes = folded.bias === null ? [folded.weight.node] : [folded.weight.node, folded.bias.node];
  const [one, two] = [1, 2].map((seed) => formFor(folded, own, given, probeValues(nodes, seed)));
  if (one === undefined || two === undefined || one.kind !== two.kind) return { kind: "other" };
  if (!("scale" in one) || !("scale" in two)) return one;
  const isAlike =
    one.kind === "low-rank"
      ? two.kind === "low-rank" && one.hasLengths === two.hasLengths
      : two.kind === "low-rank-change" && one.down === two.down;
  const isSame = isAlike && Math.abs(one.scale - two.scale) <= 1e-6 * Math.abs(one.scale);
  return isSame ? { ...one, scale: withoutNoise(one.scale) } : { kind: "other" };
}

/** LoRA from which the product of two other matrices is taken; both may have the same shape. Null where it is something else. */
function changeFrom(
  observed: Observed,
  others: readonly PlannedTensor[],
  { down, up }: { readonly down: PlannedTensor; readonly up: PlannedTensor },
  dataOf: (parameter: PlannedTensor) => ArrayLike<number>,
): Form | null {
  const { outputs, inputs, update } = observed;
  for (const [first, last] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const [firstDown, firstUp] = [others[first], others[last]];
    if (firstDown?.shape.join() !== down.shape.join() || firstUp?.shape.join() !== up.shape.join()) continue;
    const taken = productOf(dataOf(firstUp), dataOf(firstDown), outputs, at(down.shape, 0), inputs);
    const change = Float64Array.from(update, (value, place) => value - at(taken, place));
    const scale = scaleOf({ ...observed, update: change });
    if (scale !== null) return { kind: "low-rank-change", scale, down: first, up: last };
  }
  return null;
}

/** What is left of a number that was computed to some digits less than it is written with. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}

function formFor(
  { weight, bias, groups, isTurned }: FoldedModule,
  own: readonly PlannedTensor[],
  { down, up, factors }: Named,
  values: Values,
): Form {
  const dataOf = (parameter: PlannedTensor): ArrayLike<number> => values.get(parameter.path)?.data ?? [];
  const stored = weight.node.type.shape;
  const sizes = isTurned ? stored.toReversed() : stored;
  const [outputs = 0, channels = 0, ...kernel] = sizes;
  const inputs = sizes.slice(1).reduce((product, size) => product * size, 1);
  const asWeight = (data: ArrayLike<number>): ArrayLike<number> => (isTurned ? turnedOver(data, inputs) : data);
  const before = asWeight(wholeWeight(dataOf(weight.parameter), weight.parameter.shape, stored));
  const after = asWeight(valueFor(weight.node, values));
  const isWhole = weight.parameter.shape.join() !== stored.join();
  const places = kernel.map(() => 1);
  const shift = bias === null ? null : { before: dataOf(bias.parameter), after: valueFor(bias.node, values) };
  const keepsBias = shift === null || isClose(shift.after, shift.before);
  if (down !== undefined && up !== undefined && keepsBias) {
    const [rank = 0] = down.shape;
    const isUp = up.shape.join() === [outputs, isWhole ? rank / groups : rank, ...places].join();
    if (down.shape.join() !== [rank, channels, ...kernel].join() || !isUp) return { kind: "other" };
    const second = wholeWeight(dataOf(up), up.shape, [outputs, rank, ...places]);
    const update = productOf(second, dataOf(down), outputs, rank, inputs);
    const observed = { outputs, inputs, weight: before, folded: after, update };
    const others = own.filter((each) => each !== down && each !== up);
    const changed = others.length === 2 && groups === 1 ? changeFrom(observed, others, { down, up }, dataOf) : null;
    if (changed !== null) return changed;
    const scale = own.length === 2 ? scaleOf(observed) : null;
    if (scale !== null) return { kind: "low-rank", scale, hasLengths: false };
    const inDirections = scaleOfDirections(observed);
    return inDirections === null ? { kind: "other" } : { kind: "low-rank", scale: inDirections, hasLengths: true };
  }
  if (factors === undefined || own.length !== 1 || isTurned) return { kind: "other" };
  const { shape } = factors;
  const factor = dataOf(factors);
  const ofOutputs = kernel.length === 0 ? [outputs, 1] : [1, outputs, ...places];
  const scalesBias = shift === null || isClose(shift.after, scaled(shift.before, factor, 1));
  const isOnOutputs = shape.join() === ofOutputs.join() && scalesBias && isClose(after, scaled(before, factor, inputs));
  const ofInputs = [1, channels * groups, ...places];
  const isOnInputs =
    !isWhole &&
    shape.join() === ofInputs.join() &&
    keepsBias &&
    isClose(after, byChannel(before, factor, sizes, groups));
  if (isOnOutputs) return { kind: "factors", on: isOnInputs ? "either" : "outputs" };
  return isOnInputs ? { kind: "factors", on: "inputs" } : { kind: "other" };
}
