import { number } from "../values.ts";
import type { Builtin } from "./builtin.ts";

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

/** Over the axes that are named, or over all of them. */
function reduction(op: "sum" | "max"): Builtin {
  return {
    parameters: overAxes,
    apply: (call) => {
      const x = call.tensor("x");
      const axes = call.has("axis") ? call.axes(x) : x.node.type.shape.map((_, axis) => axis);
      return call.add({ op, axes, keep: call.flag("keep") }, x.node);
    },
  };
}

export const reductions = {
  sum: reduction("sum"),
  mean: {
    parameters: overAxes,
    apply: (call) => {
      const x = call.tensor("x");
      const { shape } = x.node.type;
      const axes = call.has("axis") ? call.axes(x) : shape.map((_, axis) => axis);
      const count = axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
      if (count === 0) call.failOperands("there is no mean of nothing");
      const total = call.add({ op: "sum", axes, keep: call.flag("keep") }, x.node);
      return call.add({ op: "mul" }, total.node, call.trace.constant(1 / count, total.node.type.dtype, call.span));
    },
  },
  // Its axis has a name: in `max(x, 0)` a number may be an axis, as for NumPy, or the other of two values, as in a ReLU.
  max: {
    parameters: ["x", "y?", "axis?", "keep?"],
    apply: (call) => {
      const [x, y] = [call.value("x"), call.value("y")];
      if (!call.has("y")) return reduction("max").apply(call);
      if (x.kind === "number" && y.kind === "number") return number(Math.max(x.value, y.value));
      return call.failOperands(
        "the second value may be an axis, or the other of two values",
        "write `max(x, axis = 0)` for the largest along an axis, and `maximum(x, 0)` for the larger of two values",
      );
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
