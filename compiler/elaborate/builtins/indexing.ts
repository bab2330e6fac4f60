import { at } from "../../at.ts";
import type { Node, OperationOf } from "../../ir/index.ts";
import { elementAt } from "../operators.ts";
import { type TensorValue, tensor, type Value } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

/**
 * Numbers as an operation reads them, and where they are what they were; null where they all are. Numbers that are an input's own are held to their limit when it is fed. What is computed is refused
 * where it is known to be beyond; elsewhere what is beyond is left to the caller, since targets by themselves do not agree on it.
 */
function heldBelow(
  limit: number,
  numbers: Node,
  call: BuiltinCall,
  there: string,
): { readonly within: Node; readonly isThere: Node | null } {
  const { lowest, highest, isReached } = call.trace.rangeOf(numbers);
  const isEmpty = lowest > highest;
  const isOther = numbers.type.dtype !== "i32";
  if (isOther || isEmpty || (lowest >= 0 && highest < limit)) return { within: numbers, isThere: null };
  if (isReached || lowest >= limit || highest < 0) {
    const reach = lowest === highest ? `its number is ${lowest}` : `its numbers reach from ${lowest} to ${highest}`;
    call.failOperands(`${reach}, and there are ${limit} ${there}, counted from 0`);
  }
  const number = (value: number): Node => call.trace.constant(value, "i32", call.span);
  const above = call.add({ op: "maximum" }, numbers, number(0));
  const within = call.add({ op: "minimum" }, above.node, number(limit - 1));
  return { within: within.node, isThere: call.add({ op: "equal" }, numbers, within.node).node };
}

/** The elements of some rows, and zeros for the others: [rows..., ...]. */
function onlyThere(rows: TensorValue, isThere: Node | null, after: number, call: BuiltinCall): TensorValue {
  if (isThere === null) return rows;
  const shape = [...isThere.type.shape, ...Array.from({ length: after }, () => 1)];
  const mask = after === 0 ? isThere : call.add({ op: "reshape", shape }, isThere).node;
  return call.add({ op: "where" }, mask, rows.node, call.trace.constant(0, rows.node.type.dtype, call.span));
}

/** Takes rows by number, and zeros for a number beyond them. */
function taken(
  call: BuiltinCall,
  operation: OperationOf<"gather"> | OperationOf<"gather_along">,
  table: Node,
  numbers: Node,
): TensorValue {
  const along = operation.op === "gather" ? operation.axis : -1;
  const limit = table.type.shape.at(along) ?? 0;
  const { within, isThere } = heldBelow(limit, numbers, call, "to take from");
  const rows = call.add(operation, table, within);
  const after = operation.op === "gather" ? table.type.shape.length - 1 - operation.axis : 0;
  return onlyThere(rows, isThere, after, call);
}

/** Adds rows into a table of zeros by number; a row whose number is beyond it is left out. */
function scattered(call: BuiltinCall): TensorValue {
  const [values, ids] = [call.tensor("values"), call.tensor("ids", "i32").node];
  const rows = call.size("rows");
  const { within, isThere } = heldBelow(rows, ids, call, "to add to");
  const after = values.node.type.shape.length - ids.type.shape.length;
  const kept = after < 0 ? values : onlyThere(values, isThere, after, call);
  return call.add({ op: "scatter_add", rows }, within, kept.node);
}

function take(call: BuiltinCall): Value {
  const x = call.tensor("x");
  const axis = call.axis(x);
  const indices = call.value("indices");
  if (indices.kind === "number") return elementAt(call.trace, call.name, x.node, axis, indices.value, call.span);
  if (indices.kind !== "list") return taken(call, { op: "gather", axis }, x.node, call.tensor("indices", "i32").node);
  const kept = x.node.type.shape.with(axis, 1);
  const parts = call
    .numbers("indices")
    .map(
      (index) =>
        call.add({ op: "reshape", shape: kept }, elementAt(call.trace, call.name, x.node, axis, index, call.span).node)
          .node,
    );
  return parts.length === 0
    ? call.refuse("indices", "at least one number")
    : call.add({ op: "concat", axis }, ...parts);
}

/** Runs something along the last axis; other axes change places with it before and after. */
export function alongLast(
  call: BuiltinCall,
  axis: number,
  inputs: readonly Node[],
  run: (...moved: Node[]) => TensorValue,
): TensorValue {
  const last = at(inputs, 0).type.shape.length - 1;
  if (axis === last) return run(...inputs);
  const swapped = (node: Node): TensorValue => {
    const order = node.type.shape.map((_, each) => (each === axis ? last : each === last ? axis : each));
    return call.add({ op: "transpose", permutation: order }, node);
  };
  return swapped(run(...inputs.map((node) => swapped(node).node)).node);
}

function takeAlong(call: BuiltinCall): Value {
  const [x, places] = [call.tensor("x"), call.tensor("indices", "i32")];
  const axis = call.axis(x);
  if (places.node.type.shape.length !== x.node.type.shape.length)
    call.failOperands("it needs as many axes of indices as of values");
  return alongLast(call, axis, [x.node, places.node], (rows, numbers) =>
    taken(call, { op: "gather_along" }, at([rows], 0), at([numbers], 0)),
  );
}

/** The elements of an axis in the opposite order. */
function flipped(call: BuiltinCall, x: Node, axis: number): Node {
  const size = at(x.type.shape, axis);
  const last = call.trace.constant(size - 1, "i32", call.span);
  const numbers = call.add({ op: "sub" }, last, call.add({ op: "iota", size }).node);
  return call.add({ op: "gather", axis }, x, numbers.node).node;
}

/** Every so many elements of an axis, cut into groups of which each gives its first. */
function strided(call: BuiltinCall, x: Node, axis: number, from: number, count: number, step: number): Node {
  const { shape } = x.type;
  const size = at(shape, axis);
  const end = from + count * step;
  const part = call.add({ op: "slice", axis, from, to: Math.min(size, end) }, x).node;
  const amounts = shape.map((_, each) => [0, each === axis ? Math.max(0, end - size) : 0] as const);
  const whole = end > size ? call.add({ op: "pad", amounts }, part).node : part;
  const groups = call.add({ op: "reshape", shape: shape.toSpliced(axis, 1, count, step) }, whole).node;
  const first = call.add({ op: "slice", axis: axis + 1, from: 0, to: 1 }, groups).node;
  return call.add({ op: "reshape", shape: shape.with(axis, count) }, first).node;
}

/** As Python slices: negative ends count from the end, and a negative step goes backwards. */
function slice(call: BuiltinCall): Value {
  const x = call.tensor("x");
  const axis = call.axis(x);
  const size = at(x.node.type.shape, axis);
  const step = call.number("step", 1);
  if (!Number.isSafeInteger(step) || step === 0) return call.refuse("step", "a whole number other than 0");
  const place = (parameter: "from" | "to"): number | null => {
    if (call.value(parameter).kind === "none") return null;
    const given = call.number(parameter);
    if (!Number.isSafeInteger(given)) call.refuse(parameter, "a whole number");
    return given < 0 ? given + size : given;
  };
  if (step > 0) {
    const [from, to] = [place("from") ?? 0, place("to") ?? size];
    // The type rule says what is not within the axis.
    if (step === 1 || from < 0 || to < from || to > size) return call.add({ op: "slice", axis, from, to }, x.node);
    return tensor(strided(call, x.node, axis, from, Math.ceil((to - from) / step), step));
  }
  const [from, to] = [place("from") ?? size - 1, place("to") ?? -1];
  if (to > from || from >= size || to < -1)
    return call.failOperands(
      `${from} down to ${to} is not within axis ${axis}, which has ${size} elements`,
      "a negative step starts at the larger end",
    );
  const count = Math.ceil((from - to) / -step);
  const first = count === 0 ? 0 : from + step * (count - 1);
  const forward =
    step === -1
      ? call.add({ op: "slice", axis, from: first, to: first + count }, x.node).node
      : strided(call, x.node, axis, first, count, -step);
  return tensor(flipped(call, forward, axis));
}

function roll(call: BuiltinCall): Value {
  const x = call.tensor("x");
  const axes = call.axes(x);
  const shifts = call.value("shift").kind === "list" ? call.numbers("shift") : axes.map(() => call.number("shift"));
  if (shifts.length !== axes.length || !shifts.every(Number.isSafeInteger))
    return call.refuse("shift", "a whole number, or one for each axis");
  return axes.reduce<TensorValue>((rolled, axis, index) => {
    const size = at(rolled.node.type.shape, axis);
    const shift = size === 0 ? 0 : ((at(shifts, index) % size) + size) % size;
    if (shift === 0) return rolled;
    const end = call.add({ op: "slice", axis, from: size - shift, to: size }, rolled.node);
    const start = call.add({ op: "slice", axis, from: 0, to: size - shift }, rolled.node);
    return call.add({ op: "concat", axis }, end.node, start.node);
  }, x);
}

export const indexing = {
  gather: {
    parameters: ["table", "ids"],
    apply: (call) => taken(call, { op: "gather", axis: 0 }, call.tensor("table").node, call.tensor("ids", "i32").node),
  },
  scatter_add: { parameters: ["values", "ids", "rows"], apply: scattered },
  take: { parameters: ["x", "indices", "axis"], apply: take },
  take_along: { parameters: ["x", "indices", "axis"], apply: takeAlong },
  slice: { parameters: ["x", "axis", "from?", "to?", "step?"], apply: slice },
  roll: { parameters: ["x", "shift", "axis"], apply: roll },
  flip: {
    parameters: ["x", "axis"],
    apply: (call) => {
      const x = call.tensor("x");
      return tensor(call.axes(x).reduce((node, axis) => flipped(call, node, axis), x.node));
    },
  },
  eye: {
    parameters: ["n"],
    apply: (call) => {
      const size = call.size("n");
      return call.add({ op: "one_hot", depth: size }, call.add({ op: "iota", size }).node);
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
