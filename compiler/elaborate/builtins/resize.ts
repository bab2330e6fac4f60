import { at } from "../../at.ts";
import type { Node } from "../../ir/index.ts";
import { type TensorValue, tensor } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

/** The sizes that axes come to: one for each, or one for all of them. */
function resize(call: BuiltinCall): TensorValue {
  const x = call.tensor("x");
  const mode = call.has("mode") ? call.text("mode") : "nearest";
  if (mode !== "nearest" && mode !== "linear") return call.refuse("mode", '`"nearest"` or `"linear"`');
  const given = call.value("size").kind === "list" ? call.numbers("size") : null;
  const rank = x.node.type.shape.length;
  const count = given?.length ?? 1;
  const axes = call.has("axis") ? call.axes(x) : Array.from({ length: count }, (_, index) => rank - count + index);
  const sizes = given ?? axes.map(() => call.size("size"));
  const fits = sizes.length === axes.length && axes.every((axis) => axis >= 0) && new Set(axes).size === axes.length;
  if (!fits || sizes.some((size) => size < 1)) return call.refuse("size", "a size of at least 1 for each axis");
  return tensor(
    axes.reduce((node, axis, index) => {
      const [before, after] = [at(node.type.shape, axis), at(sizes, index)];
      if (before === after) return node;
      if (before === 0) return call.failOperands(`axis ${axis} has no elements`);
      return mode === "nearest" ? nearest(call, node, axis, after) : linear(call, node, axis, after);
    }, x.node),
  );
}

/** Element i comes from floor(i * before / after), in whole numbers. */
function nearest(call: BuiltinCall, x: Node, axis: number, after: number): Node {
  const { shape } = x.type;
  const before = at(shape, axis);
  if (after % before === 0) {
    const apart = call.add({ op: "reshape", shape: shape.toSpliced(axis + 1, 0, 1) }, x).node;
    const repeated = call.add({ op: "broadcast", shape: shape.toSpliced(axis + 1, 0, after / before) }, apart).node;
    return call.add({ op: "reshape", shape: shape.with(axis, after) }, repeated).node;
  }
  const places = call.add({ op: "iota", size: after }).node;
  const scaled = call.add({ op: "mul" }, places, call.trace.constant(before, "i32", call.span)).node;
  const from = call.add({ op: "floor_div", divisor: after }, scaled).node;
  return call.add({ op: "gather", axis }, x, from).node;
}

/**
 * With the centres of elements at halves (PyTorch's `align_corners = false`): a product with the matrix of weights
 * max(0, 1 - |place - i|), which follows from constants alone.
 */
function linear(call: BuiltinCall, x: Node, axis: number, after: number): Node {
  const { shape } = x.type;
  const before = at(shape, axis);
  const number = (value: number): Node => call.trace.constant(value, "f32", call.span);
  const counted = (size: number): Node =>
    call.add({ op: "cast", dtype: "f32" }, call.add({ op: "iota", size }).node).node;
  const centres = call.add({ op: "add" }, counted(after), number(0.5)).node;
  const scaled = call.add({ op: "mul" }, centres, number(before / after)).node;
  const moved = call.add({ op: "sub" }, scaled, number(0.5)).node;
  const above = call.add({ op: "maximum" }, moved, number(0)).node;
  const within = call.add({ op: "minimum" }, above, number(before - 1)).node;
  const place = call.add({ op: "reshape", shape: [after, 1] }, within).node;
  const distance = call.add({ op: "abs" }, call.add({ op: "sub" }, place, counted(before)).node).node;
  const weights = call.add({ op: "maximum" }, call.add({ op: "sub" }, number(1), distance).node, number(0)).node;
  const matrix = x.type.dtype === "f32" ? weights : call.add({ op: "cast", dtype: x.type.dtype }, weights).node;
  const count = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);
  const [outer, inner] = [count(shape.slice(0, axis)), count(shape.slice(axis + 1))];
  const product =
    inner === 1
      ? call.add(
          { op: "matmul", transposeA: false, transposeB: true },
          call.add({ op: "reshape", shape: [outer, before] }, x).node,
          matrix,
        )
      : call.add(
          { op: "matmul", transposeA: false, transposeB: false },
          matrix,
          call.add({ op: "reshape", shape: [outer, before, inner] }, x).node,
        );
  return call.add({ op: "reshape", shape: shape.with(axis, after) }, product.node).node;
}

export const resizing = {
  resize: { parameters: ["x", "size", "axis?", "mode?"], apply: resize },
} satisfies Readonly<Record<string, Builtin>>;
