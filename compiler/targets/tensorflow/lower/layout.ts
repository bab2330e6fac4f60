import type { TensorType } from "../../../ir/index.ts";
import { drawnEvenly as evenlyOf, drawnNormals as normalsOf, drawnPlaces as placesOf } from "../../../ops/index.ts";
import { at, type Value } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import { type Lowering, reshapeTo, type Target } from "./context.ts";

const i32 = typeAttribute("i32");

export const reshape: Lowering<"reshape"> = ({ shape }, inputs, type, target) =>
  reshapeTo(at(inputs, 0).name, type.dtype, shape, target);

export const broadcast: Lowering<"broadcast"> = ({ shape }, inputs, type, target) =>
  target.add("BroadcastTo", [at(inputs, 0).name, target.list(shape)], { T: typeAttribute(type.dtype), Tidx: i32 });

export const transpose: Lowering<"transpose"> = ({ permutation }, inputs, type, target) =>
  target.add("Transpose", [at(inputs, 0).name, target.list(permutation)], {
    T: typeAttribute(type.dtype),
    Tperm: i32,
  });

export const slice: Lowering<"slice"> = ({ axis, from }, inputs, type, target) => {
  const input = at(inputs, 0);
  const sliced = axis < 0 ? axis + type.shape.length : axis;
  const begin = type.shape.map((_, each) => (each === sliced ? from : 0));
  return target.add("Slice", [input.name, target.list(begin), target.list(type.shape)], {
    T: typeAttribute(type.dtype),
    Index: i32,
  });
};

export const concat: Lowering<"concat"> = ({ axis }, inputs, type, target) => {
  const [first] = inputs;
  if (inputs.length === 1 && first !== undefined) return first.name;
  const along = target.constant({ dtype: "i32", shape: [] }, [axis]);
  return target.add("ConcatV2", [...inputs.map(({ name }) => name), along], {
    N: { kind: "int", value: inputs.length },
    T: typeAttribute(type.dtype),
    Tidx: i32,
  });
};

export const pad: Lowering<"pad"> = ({ amounts }, inputs, type, target) => {
  const pairs = target.constant({ dtype: "i32", shape: [amounts.length, 2] }, amounts.flat());
  return target.add("Pad", [at(inputs, 0).name, pairs], { T: typeAttribute(type.dtype), Tpaddings: i32 });
};

export const gather: Lowering<"gather"> = ({ axis }, inputs, type, target) => gathered(axis, 0, inputs, type, target);

export const gatherAlong: Lowering<"gather_along"> = (_, inputs, type, target) => {
  const last = type.shape.length - 1;
  return gathered(last, last, inputs, type, target);
};

/** Rows by number along an axis, each from its own table where axes before it count tables. */
function gathered(axis: number, tableAxes: number, inputs: readonly Value[], type: TensorType, target: Target): string {
  const along = target.constant({ dtype: "i32", shape: [] }, [axis]);
  return target.add("GatherV2", [at(inputs, 0).name, at(inputs, 1).name, along], {
    Tparams: typeAttribute(type.dtype),
    Tindices: i32,
    Taxis: i32,
    ...(tableAxes > 0 && { batch_dims: { kind: "int", value: tableAxes } }),
  });
}

export const scatterAdd: Lowering<"scatter_add"> = ({ rows }, inputs, type, target) => {
  const count = target.constant({ dtype: "i32", shape: [] }, [rows]);
  return target.add("UnsortedSegmentSum", [at(inputs, 1).name, at(inputs, 0).name, count], {
    T: typeAttribute(type.dtype),
    Tindices: i32,
    Tnumsegments: i32,
  });
};

export const oneHot: Lowering<"one_hot"> = ({ depth }, inputs, type, target) => {
  const number = (dtype: "i32" | "f32", value: number): string => target.constant({ dtype, shape: [] }, [value]);
  return target.add("OneHot", [at(inputs, 0).name, number("i32", depth), number("f32", 1), number("f32", 0)], {
    T: typeAttribute(type.dtype),
    TI: i32,
    axis: { kind: "int", value: -1 },
  });
};

export const iota: Lowering<"iota"> = ({ size }, _, __, target) => {
  const number = (value: number): string => target.constant({ dtype: "i32", shape: [] }, [value]);
  return target.add("Range", [number(0), number(size), number(1)], { Tidx: i32 });
};

export const drawnEvenly: Lowering<"drawn_evenly"> = (operation, _, type, target) =>
  target.constant(type, [...evenlyOf(operation)]);

export const drawnNormals: Lowering<"drawn_normals"> = (operation, _, type, target) =>
  target.constant(type, [...normalsOf(operation)]);

export const drawnPlaces: Lowering<"drawn_places"> = (operation, _, type, target) =>
  target.constant(type, [...placesOf(operation)]);
