import { at } from "../at.ts";
import type { OperationName, TensorType } from "../ir/types.ts";
import { type RowContext, resolveAxis } from "./rule.ts";

/** No row of the result is of one row of the inputs alone. */
export const never = (): boolean => false;

/** True when all inputs that have rows have them on the axis of the result, counted from the last as broadcasting does. */
export function areAligned<Name extends OperationName>({ inputs, output, axis, axisOf }: RowContext<Name>): boolean {
  return inputs.every(({ shape }, input) => {
    const own = axisOf(input);
    return own === null || own - shape.length === axis - output.shape.length;
  });
}

/** The same for an operation along an axis, which rows must not be on. */
export function areAlignedBeside<Name extends "concat" | "slice" | "softmax" | "log_softmax" | "cumsum">(
  context: RowContext<Name>,
): boolean {
  const { operation, output, axis } = context;
  return areAligned(context) && resolveAxis(operation.axis, output.shape.length) !== axis;
}

/** The same for an operation along the last axis. */
export function areAlignedBeforeLast<Name extends OperationName>(context: RowContext<Name>): boolean {
  return areAligned(context) && context.axis !== context.output.shape.length - 1;
}

/** Rows stay apart in a reduction over other axes. */
export function keepsReduced(
  { inputs, axis, axisOf }: RowContext<"sum" | "max" | "argmax">,
  axes: readonly number[],
  keep: boolean,
): boolean {
  const own = axisOf(0);
  const rank = at(inputs, 0).shape.length;
  const reduced = axes.flatMap((each) => resolveAxis(each, rank) ?? []);
  if (own === null || reduced.includes(own)) return false;
  return axis === (keep ? own : own - reduced.filter((each) => each < own).length);
}

/** Rows of either matrix of a product, or of the axes before them. */
export function keepsProduct({ operation, inputs, axis, axisOf }: RowContext<"matmul">): boolean {
  const rankA = at(inputs, 0).shape.length;
  const rankB = at(inputs, 1).shape.length;
  /** From the last axis: -1 and -2 are a matrix's, the others count matrices. */
  const fromLast = axis - Math.max(rankA, rankB);
  const [a, b] = [axisOf(0), axisOf(1)];
  const ofA = a === null ? null : a - rankA;
  const ofB = b === null ? null : b - rankB;
  if (fromLast < -2) return (ofA === null || ofA === fromLast) && (ofB === null || ofB === fromLast);
  if (fromLast === -2) return ofB === null && ofA === (operation.transposeA ? -1 : -2);
  return ofA === null && ofB === (operation.transposeB ? -2 : -1);
}

/** A row stays in one piece where as many elements stand before its axis as before. */
export function keepsReshaped({ inputs, output, axis, axisOf }: RowContext<"reshape">): boolean {
  const own = axisOf(0);
  return own !== null && sizeBefore(at(inputs, 0), own) === sizeBefore(output, axis);
}

function sizeBefore({ shape }: TensorType, axis: number): number {
  return shape.slice(0, axis).reduce((product, size) => product * size, 1);
}
