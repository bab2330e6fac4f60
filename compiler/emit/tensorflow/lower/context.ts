import type { OperationName, OperationOf, TensorType } from "../../../ir/types.ts";
import { type Attributes, type GraphDtype, typeAttribute } from "../graphdef.ts";

/** A value in the TensorFlow graph. */
export interface Value {
  /** The node that gives it, as its first output. */
  readonly name: string;
  readonly type: TensorType;
}

/**
 * How products of bf16 matrices are computed: by the processor's own instructions, or widened to f32 where it has none,
 * which gives the same numbers: sums are in f32 either way.
 */
export type Bf16Products = "native" | "widened";

/** Where the nodes of one operation go. */
export interface Target {
  /** Appends a node in the operation's scope, and gives its name. */
  readonly add: (op: string, inputs: readonly string[], attributes: Attributes) => string;
  readonly constant: (type: TensorType, values: readonly number[]) => string;
  /** A list of whole numbers, as shapes and axes are given. */
  readonly list: (values: readonly number[]) => string;
  readonly bf16Products: Bf16Products;
}

/** How one operation is said in TensorFlow: gives the name of the node that is its result. */
export type Lowering<Name extends OperationName> = (
  operation: OperationOf<Name>,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
) => string;

/** The attribute `T` alone. */
export function elementType(dtype: GraphDtype): Attributes {
  return { T: typeAttribute(dtype) };
}

/** The input of an operation that has at least that many. */
export function at(inputs: readonly Value[], index: number): Value {
  const input = inputs[index];
  if (input === undefined) throw new Error("an operation is lowered with the inputs of its type rule");
  return input;
}

/** Says a value in another type. */
export function castTo(value: string, from: GraphDtype, to: GraphDtype, target: Target): string {
  return target.add("Cast", [value], { SrcT: typeAttribute(from), DstT: typeAttribute(to) });
}

export function reshapeTo(value: string, dtype: GraphDtype, shape: readonly number[], target: Target): string {
  const attributes = { T: typeAttribute(dtype), Tshape: typeAttribute("i32") };
  return target.add("Reshape", [value, target.list(shape)], attributes);
}
