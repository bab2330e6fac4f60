import type { Operation, OperationName, OperationOf, TensorType } from "../../ir/index.ts";

/** A value in the graph of a target. */
export interface Value {
  /** The node that gives it, as its first output. */
  readonly name: string;
  readonly type: TensorType;
}

/** What is computed from other values; what is given to a program is not. */
type Computed = Exclude<OperationName, "input" | "parameter" | "dropout" | "draw" | "svd">;

/** An operation that has a form in every target. */
export type ComputedOperation = { [Name in Computed]: OperationOf<Name> }[Computed];

/** How one operation is said in a target: gives the name of the value that is its result. */
export type LoweringTo<Target, Name extends OperationName> = (
  operation: OperationOf<Name>,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
) => string;

/** How each operation is said in a target; a name without a rule does not compile. */
export type Lowerings<Target> = { readonly [Name in Computed]: LoweringTo<Target, Name> };

/**
 * Inputs and parameters are given to a program, dropout and other draws are sampled or left out before anything is lowered, and
 * singular vectors are of first values, which the evaluator computes.
 */
export function isComputed(operation: Operation): operation is ComputedOperation {
  const { op } = operation;
  return op !== "input" && op !== "parameter" && op !== "dropout" && op !== "draw" && op !== "svd";
}

/** Says an operation in a target; gives the name of its result. */
export function lowerBy<Target, Name extends Computed>(
  lowerings: Lowerings<Target>,
  operation: OperationOf<Name>,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
): string {
  const lowering: LoweringTo<Target, Name> = lowerings[operation.op];
  return lowering(operation, inputs, type, target);
}

/** The input of an operation that has at least that many. */
export function at(inputs: readonly Value[], index: number): Value {
  const input = inputs[index];
  if (input === undefined) throw new Error("an operation is lowered with the inputs of its type rule");
  return input;
}

/** Gradients are built before anything is lowered: what is left of it is its input. */
export function stopGradient(_: unknown, inputs: readonly Value[]): string {
  return at(inputs, 0).name;
}
