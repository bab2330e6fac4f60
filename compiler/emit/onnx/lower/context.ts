import type { OperationName, OperationOf, TensorType } from "../../../ir/types.ts";
import { type Attributes, int, type OnnxDtype, type OnnxType } from "../messages.ts";

/** A value in the ONNX graph. */
export interface Value {
  readonly name: string;
  readonly type: TensorType;
}

/** Where the nodes of one operation go. */
export interface Target {
  /** Appends a node in the operation's scope, and gives the name of its result. */
  readonly add: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  readonly constant: (type: OnnxType, values: readonly number[]) => string;
  /** A list of whole numbers, as shapes and axes are given. */
  readonly list: (values: readonly number[]) => string;
  /** The input that random numbers follow from, where the program has one. */
  readonly seed: string | null;
}

/** How one operation is said in ONNX: gives the name of the value that is its result. */
export type Lowering<Name extends OperationName> = (
  operation: OperationOf<Name>,
  inputs: readonly Value[],
  type: TensorType,
  target: Target,
) => string;

/** The input of an operation that has at least that many. */
export function at(inputs: readonly Value[], index: number): Value {
  const input = inputs[index];
  if (input === undefined) throw new Error("an operation is lowered with the inputs of its type rule");
  return input;
}

/**
 * The numbers of TensorProto.DataType in onnx.proto. The 16 bits that products of a program may have are binary16 here,
 * not bf16: it has three more digits, and is what runtimes of ONNX compute with.
 */
export const dataTypes: Readonly<Record<OnnxDtype, number>> = { f32: 1, i32: 6, i64: 7, bool: 9, u32: 12, bf16: 10 };

export function castTo(value: string, dtype: OnnxDtype, target: Target): string {
  return target.add("Cast", [value], { to: int(dataTypes[dtype]) });
}

export function reshapeTo(value: string, shape: readonly number[], target: Target): string {
  // A size of 0 is a size, not a copy of the input's.
  return target.add("Reshape", [value, target.list(shape)], shape.includes(0) ? { allowzero: int(1) } : {});
}

/** One number everywhere. */
export function filled(type: OnnxType, value: number, target: Target): string {
  const single = target.constant({ dtype: type.dtype, shape: [] }, [value]);
  return type.shape.length === 0 ? single : target.add("Expand", [single, target.list(type.shape)]);
}
