import { at } from "../../at.ts";
import { elementCount } from "../../ir/index.ts";
import { describe, list, number, type Value } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";
import { planRearrange } from "./rearrange.ts";

/** Sizes of which one may be -1, for what is left. */
function completedShape(call: BuiltinCall, count: number): readonly number[] {
  const sizes = call.numbers("sizes");
  const open = sizes.indexOf(-1);
  if (sizes.some((size, index) => size < 0 && index !== open))
    return call.refuse("sizes", "sizes, of which one may be -1");
  if (open < 0) return sizes;
  const known = sizes.reduce((product, size, index) => (index === open ? product : product * size), 1);
  const rest = count / known;
  if (!Number.isInteger(rest))
    return call.failOperands(`${count} elements do not divide into ${describe(call.value("sizes"))}`);
  return sizes.with(open, rest);
}

function splitSizes(call: BuiltinCall, size: number): readonly number[] {
  const parts = call.value("parts");
  if (parts.kind === "list") return call.numbers("parts");
  const count = call.size("parts");
  if (count === 0 || size % count !== 0) return call.failOperands(`${size} does not divide into ${count} parts`);
  return Array.from({ length: count }, () => size / count);
}

export const layout = {
  rearrange: {
    parameters: ["x", "pattern"],
    takesOthers: true,
    apply: (call) => {
      const x = call.tensor("x");
      const sizes = new Map([...call.others(["x", "pattern"]).keys()].map((letter) => [letter, call.size(letter)]));
      const plan = planRearrange(call.text("pattern"), x.node.type.shape, sizes);
      if (typeof plan === "string") return call.trace.fail("bad-pattern", call.span, { detail: plan });
      const apart = call.add({ op: "reshape", shape: plan.apart }, x.node);
      const moves = plan.permutation.some((axis, index) => axis !== index);
      const moved = moves ? call.add({ op: "transpose", permutation: plan.permutation }, apart.node) : apart;
      return call.add({ op: "reshape", shape: plan.together }, moved.node);
    },
  },
  reshape: {
    parameters: ["x", "sizes"],
    apply: (call) => {
      const x = call.tensor("x");
      return call.add({ op: "reshape", shape: completedShape(call, elementCount(x.node.type)) }, x.node);
    },
  },
  transpose: {
    parameters: ["x", "axes"],
    apply: (call) => call.add({ op: "transpose", permutation: call.numbers("axes") }, call.tensor("x").node),
  },
  concat: {
    parameters: ["list", "axis"],
    apply: (call) => {
      const parts = call
        .list("list")
        .map((value) => call.trace.toTensor(value, "f32", call.span, "a concatenated value"));
      const [first] = parts;
      if (first === undefined) return call.refuse("list", "a list of tensors");
      return call.add({ op: "concat", axis: call.axis(first) }, ...parts.map(({ node }) => node));
    },
  },
  split: {
    parameters: ["x", "parts", "axis"],
    apply: (call) => {
      const x = call.tensor("x");
      const axis = call.axis(x);
      const size = at(x.node.type.shape, axis);
      const sizes = splitSizes(call, size);
      const total = sizes.reduce((sum, part) => sum + part, 0);
      if (total !== size) return call.failOperands(`the parts add up to ${total}, not to ${size}`);
      const parts: Value[] = [];
      let from = 0;
      for (const part of sizes) {
        parts.push(call.add({ op: "slice", axis, from, to: from + part }, x.node));
        from += part;
      }
      return list(parts);
    },
  },
  pad: {
    parameters: ["x", "amounts"],
    apply: (call) => call.add({ op: "pad", amounts: call.pairs("amounts") }, call.tensor("x").node),
  },
  one_hot: {
    parameters: ["ids", "count"],
    apply: (call) => call.add({ op: "one_hot", depth: call.size("count") }, call.tensor("ids", "i32").node),
  },
  matmul: {
    parameters: ["a", "b", "transpose_a?", "transpose_b?"],
    apply: (call) =>
      call.add(
        { op: "matmul", transposeA: call.flag("transpose_a"), transposeB: call.flag("transpose_b") },
        call.tensor("a").node,
        call.tensor("b").node,
      ),
  },
  shape: {
    parameters: ["x"],
    apply: (call) => list(call.tensor("x").node.type.shape.map(number)),
  },
} satisfies Readonly<Record<string, Builtin>>;
