import { type Dtype, elementCount, type Operation, printType, type TensorType } from "../../compiler/ir/types.ts";
import { evaluateOperation, inferType, type TensorData } from "../../compiler/ops/index.ts";

/** A type as it is printed: `f32[2, 3]`. */
export function typeOf(text: string): TensorType {
  const match = /^(\w+)\[(.*)\]$/.exec(text);
  const dtype = ["f32", "bf16", "i32", "bool"].find((name): name is Dtype => name === match?.[1]);
  if (dtype === undefined) throw new Error(`${text} is a type`);
  const sizes = (match?.[2] ?? "").split(",").filter((size) => size.trim() !== "");
  return { dtype, shape: sizes.map(Number) };
}

/** The type of a result as it is printed, or why there is none. */
export function resultType(operation: Operation, ...inputs: readonly string[]): string {
  const inferred = inferType(operation, inputs.map(typeOf));
  return typeof inferred === "string" ? inferred : printType(inferred);
}

export function tensor(type: string, ...data: readonly number[]): TensorData {
  const found = typeOf(type);
  if (elementCount(found) !== data.length) throw new Error(`${type} has not ${data.length} elements`);
  return { type: found, data: Float64Array.from(data) };
}

/** The elements of a result, in memory that held something else before. */
export function valuesOf(operation: Operation, ...inputs: readonly TensorData[]): readonly number[] {
  const type = inferType(
    operation,
    inputs.map((each) => each.type),
  );
  if (typeof type === "string") throw new Error(type);
  const output = new Float64Array(elementCount(type)).fill(-99);
  evaluateOperation(operation, inputs, type, output);
  // 0 and -0 are one number.
  return [...output].map((value) => value + 0);
}
