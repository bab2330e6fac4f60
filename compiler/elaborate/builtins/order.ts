import { at } from "../../at.ts";
import type { Node } from "../../ir/index.ts";
import { list, type TensorValue } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";
import { alongLast } from "./indexing.ts";

/** Smallest or largest first, along an axis that is the last unless it is named. */
function places(call: BuiltinCall, x: Node, descending: boolean, count: number): TensorValue {
  return call.add({ op: "argsort", descending, count }, x);
}

function sortAxis(call: BuiltinCall, x: TensorValue): number {
  if (call.has("axis")) return call.axis(x);
  const last = x.node.type.shape.length - 1;
  return last < 0 ? call.refuse("x", "a tensor of at least one axis") : last;
}

function sorted(call: BuiltinCall, gives: "places" | "values"): TensorValue {
  const x = call.tensor("x");
  return alongLast(call, sortAxis(call, x), [x.node], (...moved) => {
    const rows = at(moved, 0);
    const order = places(call, rows, call.flag("descending"), rows.type.shape.at(-1) ?? 0);
    return gives === "places" ? order : call.add({ op: "gather_along" }, rows, order.node);
  });
}

export const order = {
  sort: { parameters: ["x", "axis?", "descending?"], apply: (call) => sorted(call, "values") },
  argsort: { parameters: ["x", "axis?", "descending?"], apply: (call) => sorted(call, "places") },
  top_k: {
    parameters: ["x", "k", "axis?"],
    apply: (call) => {
      const x = call.tensor("x");
      const axis = sortAxis(call, x);
      const ranked = (rows: Node): TensorValue => places(call, rows, true, call.size("k"));
      const values = alongLast(call, axis, [x.node], (...moved) =>
        call.add({ op: "gather_along" }, at(moved, 0), ranked(at(moved, 0)).node),
      );
      return list([values, alongLast(call, axis, [x.node], (...moved) => ranked(at(moved, 0)))]);
    },
  },
  cumsum: {
    parameters: ["x", "axis"],
    apply: (call) => {
      const x = call.tensor("x");
      return call.add({ op: "cumsum", axis: call.axis(x), reverse: false }, x.node);
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
