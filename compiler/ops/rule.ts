import type { Builder } from "../ir/builder.ts";
import type { Node, OperationName, OperationOf, TensorType } from "../ir/types.ts";

/** What the backward pass of an operation reads again, and so must be kept in memory. */
export type Saved = "nothing" | "inputs" | "output";

/** Elements of a tensor in row-major order; all types are kept as floating-point numbers, booleans as 0 and 1. */
export type Elements = Float32Array | Float64Array;

/** A tensor in the reference evaluator. */
export interface TensorData {
  readonly type: TensorType;
  readonly data: Elements;
}

/** The gradient of each input, or null where there is none. */
export type Derivative<Name extends OperationName> = (
  context: {
    readonly operation: OperationOf<Name>;
    readonly inputs: readonly Node[];
    readonly output: Node;
    /** The gradient of the output. */
    readonly gradient: Node;
    /** Whether the gradient of an input is asked for; others may stay null. */
    readonly needs: (input: number) => boolean;
  },
  build: Builder,
) => readonly (Node | null)[];

/** Everything that is known of one operation. */
export interface OperationRule<Name extends OperationName> {
  /** The output's type, or in words why there is none. */
  readonly type: (operation: OperationOf<Name>, inputs: readonly TensorType[]) => TensorType | string;
  /** Floating-point operations of the forward pass; a multiplication and an addition are two. */
  readonly flops: (operation: OperationOf<Name>, inputs: readonly TensorType[], output: TensorType) => number;
  readonly saved: Saved;
  /** Null where small changes of the inputs change nothing, or where the language says that they do not count. */
  readonly derivative: Derivative<Name> | null;
  /** The semantics: fills `output`, whose type is `type`. */
  readonly evaluate: (
    operation: OperationOf<Name>,
    inputs: readonly TensorData[],
    type: TensorType,
    output: Elements,
  ) => void;
}

export const noFlops = (): number => 0;

/** Axes count from the end when they are negative; null when there is no such axis. */
export function resolveAxis(axis: number, rank: number): number | null {
  const resolved = axis < 0 ? axis + rank : axis;
  return Number.isInteger(axis) && resolved >= 0 && resolved < rank ? resolved : null;
}
