import type { OperationName, OperationOf, TensorType } from "../ir/types.ts";

/** What the backward pass of an operation reads again, and so must be kept in memory. */
export type Saved = "nothing" | "inputs" | "output";

/** Everything that is known of one operation. */
export interface OperationRule<Name extends OperationName> {
  /** The output's type, or in words why there is none. */
  readonly type: (operation: OperationOf<Name>, inputs: readonly TensorType[]) => TensorType | string;
  /** Floating-point operations of the forward pass; a multiplication and an addition are two. */
  readonly flops: (operation: OperationOf<Name>, inputs: readonly TensorType[], output: TensorType) => number;
  readonly saved: Saved;
}

export const noFlops = (): number => 0;

/** Axes count from the end when they are negative; null when there is no such axis. */
export function resolveAxis(axis: number, rank: number): number | null {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && resolved >= 0 && resolved < rank ? resolved : null;
}
