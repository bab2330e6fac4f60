import { drawnEvenly as evenlyOf, drawnNormals as normalsOf, drawnPlaces as placesOf } from "../../../ops/index.ts";
import { at } from "../../lowering/index.ts";
import { int, ints } from "../messages.ts";
import { castTo, filled, type Lowering, numbersBelow, padsOf, reshapeTo } from "./context.ts";

export const constant: Lowering<"constant"> = ({ value, type }, _, __, target) => filled(type, value, target);

export const iota: Lowering<"iota"> = ({ size }, _, __, target) => numbersBelow(size, target);

export const reshape: Lowering<"reshape"> = ({ shape }, inputs, _, target) =>
  reshapeTo(at(inputs, 0).name, shape, target);

export const broadcast: Lowering<"broadcast"> = ({ shape }, inputs, _, target) =>
  target.add("Expand", [at(inputs, 0).name, target.list(shape)]);

export const transpose: Lowering<"transpose"> = ({ permutation }, inputs, _, target) =>
  target.add("Transpose", [at(inputs, 0).name], { perm: ints(permutation) });

export const slice: Lowering<"slice"> = ({ axis, from, to }, inputs, _, target) =>
  target.add("Slice", [at(inputs, 0).name, target.list([from]), target.list([to]), target.list([axis])]);

export const concat: Lowering<"concat"> = ({ axis }, inputs, _, target) => {
  const [first] = inputs;
  if (inputs.length === 1 && first !== undefined) return first.name;
  return target.add(
    "Concat",
    inputs.map(({ name }) => name),
    { axis: int(axis) },
  );
};

export const pad: Lowering<"pad"> = ({ amounts }, inputs, _, target) =>
  target.add("Pad", [at(inputs, 0).name, target.list(padsOf(amounts))]);

export const gather: Lowering<"gather"> = ({ axis }, inputs, _, target) =>
  target.add("Gather", [at(inputs, 0).name, at(inputs, 1).name], axis === 0 ? {} : { axis: int(axis) });

export const gatherAlong: Lowering<"gather_along"> = (_, inputs, __, target) =>
  target.add("GatherElements", [at(inputs, 0).name, at(inputs, 1).name], { axis: int(-1) });

export const scatterAdd: Lowering<"scatter_add"> = (_, inputs, type, target) => {
  const ids = at(inputs, 0);
  const places = castTo(reshapeTo(ids.name, [...ids.type.shape, 1], target), "i64", target);
  return target.add("ScatterND", [filled(type, 0, target), places, at(inputs, 1).name], {
    reduction: { kind: "string", value: "add" },
  });
};

/** Compared with all numbers there are: ONNX's own OneHot counts negative numbers from the end. */
export const oneHot: Lowering<"one_hot"> = ({ depth }, inputs, type, target) => {
  const ids = at(inputs, 0);
  const isPlace = target.add("Equal", [
    reshapeTo(ids.name, [...ids.type.shape, 1], target),
    numbersBelow(depth, target),
  ]);
  return castTo(isPlace, type.dtype, target);
};

export const drawnEvenly: Lowering<"drawn_evenly"> = (operation, _, type, target) =>
  target.constant(type, [...evenlyOf(operation)]);

export const drawnNormals: Lowering<"drawn_normals"> = (operation, _, type, target) =>
  target.constant(type, [...normalsOf(operation)]);

export const drawnPlaces: Lowering<"drawn_places"> = (operation, _, type, target) =>
  target.constant(type, [...placesOf(operation)]);
