import type { Node, TensorType } from "../ir/types.ts";

/** The number that all elements of a value are; null where they are not known to be one. */
export function uniformValue(node: Node | undefined): number | null {
  return node?.operation.op === "constant" ? node.operation.value : null;
}

function hasShape({ type: { shape } }: Node, wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis]);
}

/** The only input, where it has the shape of the result. */
export function withShape(_: unknown, [input]: readonly Node[], { shape }: TensorType): Node | null {
  return input !== undefined && hasShape(input, shape) ? input : null;
}

/** The other operand where one is a number that changes nothing: the first may be it only where order does not count. */
export function besideNeutral(
  neutral: number,
  [a, b]: readonly Node[],
  { shape }: TensorType,
  commutes: boolean,
): Node | null {
  if (a === undefined || b === undefined) return null;
  if (uniformValue(b) === neutral && hasShape(a, shape)) return a;
  return commutes && uniformValue(a) === neutral && hasShape(b, shape) ? b : null;
}
