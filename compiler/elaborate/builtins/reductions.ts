import { number, type TensorValue } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

const overAxes = ["x", "axis?", "keep?"];

function softmax(op: "softmax" | "log_softmax"): Builtin {
  return {
    parameters: ["x", "axis"],
    apply: (call) => {
      const x = call.tensor("x");
      return call.add({ op, axis: call.axis(x) }, x.node);
    },
  };
}

/** The axes that are named, or all of them. */
function axesOf(call: BuiltinCall, x: TensorValue): readonly number[] {
  return call.has("axis") ? call.axes(x) : x.node.type.shape.map((_, axis) => axis);
}

function reduce(call: BuiltinCall, op: "sum" | "max"): TensorValue {
  const x = call.tensor("x");
  return call.add({ op, axes: axesOf(call, x), keep: call.flag("keep") }, x.node);
}

const words = {
  max: { most: "largest", more: "larger", ofTwo: "maximum", compute: Math.max },
  min: { most: "smallest", more: "smaller", ofTwo: "minimum", compute: Math.min },
} as const;

/**
 * Its axis has a name: in `max(x, 0)` a number may be an axis, as for NumPy, or the other of two values, as in a ReLU. The
 * smallest is the largest of the negated.
 */
function extreme(op: "max" | "min"): Builtin {
  const { most, more, ofTwo, compute } = words[op];
  return {
    parameters: ["x", "y?", "axis?", "keep?"],
    apply: (call) => {
      const [x, y] = [call.value("x"), call.value("y")];
      if (x.kind === "number" && y.kind === "number") return number(compute(x.value, y.value));
      if (call.has("y"))
        return call.failOperands(
          "the second value may be an axis, or the other of two values",
          `write \`${op}(x, axis = 0)\` for the ${most} along an axis, and \`${ofTwo}(x, 0)\` for the ${more} of two values`,
        );
      if (op === "max") return reduce(call, "max");
      const { node } = call.tensor("x");
      const axes = axesOf(call, call.tensor("x"));
      const negated = call.add({ op: "neg" }, node);
      return call.add({ op: "neg" }, call.add({ op: "max", axes, keep: call.flag("keep") }, negated.node).node);
    },
  };
}

export const reductions = {
  sum: { parameters: overAxes, apply: (call) => reduce(call, "sum") },
  mean: {
    parameters: overAxes,
    apply: (call) => {
      const x = call.tensor("x");
      const { shape } = x.node.type;
      const axes = axesOf(call, x);
      if (x.node.type.dtype === "i32") call.failOperands("a mean of whole numbers is not one; use cast");
      const count = axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
      if (count === 0) call.failOperands("there is no mean of nothing");
      const total = call.add({ op: "sum", axes, keep: call.flag("keep") }, x.node);
      return call.add({ op: "mul" }, total.node, call.trace.constant(1 / count, total.node.type.dtype, call.span));
    },
  },
  max: extreme("max"),
  min: extreme("min"),
  logsumexp: {
    parameters: overAxes,
    apply: (call) => {
      const x = call.tensor("x");
      const axes = axesOf(call, x);
      const largest = call.add({ op: "stop_gradient" }, call.add({ op: "max", axes, keep: true }, x.node).node);
      const powers = call.add({ op: "exp" }, call.add({ op: "sub" }, x.node, largest.node).node);
      const total = call.add({ op: "log" }, call.add({ op: "sum", axes, keep: true }, powers.node).node);
      const whole = call.add({ op: "add" }, total.node, largest.node);
      const shape = whole.node.type.shape.filter((_, axis) => !axes.includes(axis));
      return call.flag("keep") ? whole : call.add({ op: "reshape", shape }, whole.node);
    },
  },
  argmax: {
    parameters: ["x", "axis", "keep?"],
    apply: (call) => {
      const x = call.tensor("x");
      return call.add({ op: "argmax", axis: call.axis(x), keep: call.flag("keep") }, x.node);
    },
  },
  softmax: softmax("softmax"),
  log_softmax: softmax("log_softmax"),
} satisfies Readonly<Record<string, Builtin>>;
