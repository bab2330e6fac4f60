import type { Span } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { type Node, type Operation, printType } from "../ir/index.ts";
import type { Trace } from "./trace.ts";
import { describe, type TensorValue, tensor, type Value } from "./values.ts";

/** Operators on tensors that are made of several operations. */

/** One element of an axis, which goes with it; a negative number counts from the end. */
export function elementAt(trace: Trace, name: string, x: Node, axis: number, index: number, span: Span): TensorValue {
  const length = at(x.type.shape, axis);
  const from = index < 0 ? index + length : index;
  if (!Number.isSafeInteger(index) || from < 0 || from >= length) {
    const detail = `there is no element ${index} along axis ${axis} of ${printType(x.type)}`;
    trace.fail("bad-operands", span, { operation: name, detail });
  }
  const one = trace.add({ op: "slice", axis, from, to: from + 1 }, [x], span, name);
  return tensor(trace.add({ op: "reshape", shape: x.type.shape.toSpliced(axis, 1) }, [one], span, name));
}

/** `x[i]`, of the first axis. */
export function indexed(trace: Trace, x: Value, index: number, span: Span): TensorValue {
  const { node } = trace.toTensor(x, "f32", span, "the indexed value");
  if (node.type.shape.length > 0) return elementAt(trace, "[]", node, 0, index, span);
  const expected = "a tensor with an axis";
  return trace.fail("wrong-type", span, { what: "the indexed value", expected, found: describe(x) });
}

/** `a // b`, rounded down. */
export function quotient(trace: Trace, name: "//" | "%", a: Value, b: Value, span: Span): TensorValue {
  if (b.kind === "number" && b.value === 0) trace.fail("bad-arithmetic", span, { detail: "a division by 0" });
  const [left, right] = trace.alike(a, b, span, name);
  if (left.node.type.dtype !== "i32") {
    const divided = trace.arithmetic({ op: "div" }, name, a, b, span);
    return tensor(trace.add({ op: "floor" }, [divided.node], span, name));
  }
  if (b.kind === "number") {
    return tensor(trace.add({ op: "floor_div", divisor: b.value }, [left.node], span, name));
  }
  const detail = `${describe(right)} divides whole numbers, and may be 0`;
  return trace.fail("bad-operands", span, { operation: name, detail }, { help: "divide by a number, or cast to f32" });
}

/** `a % b` is what `a // b` leaves, and has the sign of b. */
export function remainder(trace: Trace, a: Value, b: Value, span: Span): TensorValue {
  const whole = trace.arithmetic({ op: "mul" }, "%", quotient(trace, "%", a, b, span), b, span);
  return trace.arithmetic({ op: "sub" }, "%", a, whole, span);
}

/** Logic on tensors of booleans, as choices between them. */
export function logic(trace: Trace, name: "and" | "or" | "not", operands: readonly Value[], span: Span): TensorValue {
  const [left, right] = operands.map((value) => {
    const { node } = trace.toTensor(value, "f32", span, `an operand of \`${name}\``);
    const detail = `${printType(node.type)} is not of booleans`;
    return node.type.dtype === "bool" ? node : trace.fail("bad-operands", span, { operation: name, detail });
  });
  if (left === undefined) throw new Error("logic has an operand");
  const fixed = trace.constant(name === "or" ? 1 : 0, "bool", span);
  const add = (operation: Operation, ...inputs: readonly Node[]) => tensor(trace.add(operation, inputs, span, name));
  if (right === undefined) return add({ op: "equal" }, left, fixed);
  return name === "and" ? add({ op: "where" }, left, right, fixed) : add({ op: "where" }, left, fixed, right);
}
