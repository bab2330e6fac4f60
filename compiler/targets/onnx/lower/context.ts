import type { OperationName } from "../../../ir/index.ts";
import type { LoweringTo, Value } from "../../lowering/index.ts";
import { type Attributes, int, ints, type OnnxDtype, type OnnxType } from "../messages.ts";

/** Where the nodes of one operation go. */
export interface Target {
  /** Appends a node in the operation's scope, and gives the name of its result. */
  readonly add: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  /** The same for a node whose result is the second of its outputs. */
  readonly addSecond: (op: string, inputs: readonly string[], attributes: Attributes) => string;
  readonly constant: (type: OnnxType, values: readonly number[]) => string;
  /** A list of whole numbers, as shapes and axes are given. */
  readonly list: (values: readonly number[]) => string;
  /** The input that random numbers follow from, where the program has one. */
  readonly seed: string | null;
}

/** How one operation is said in ONNX: gives the name of the value that is its result. */
export type Lowering<Name extends OperationName> = LoweringTo<Target, Name>;

/**
 * The numbers of TensorProto.DataType in onnx.proto. The 16 bits that products of a program may have are binary16 here,
 * not bf16: it has three more digits, and is what runtimes of ONNX compute with.
 */
export const dataTypes: Readonly<Record<OnnxDtype, number>> = {
  f32: 1,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  u32: 12,
  bf16: 10,
};

export function castTo(value: string, dtype: OnnxDtype, target: Target): string {
  return target.add("Cast", [value], { to: int(dataTypes[dtype]) });
}

export function reshapeTo(value: string, shape: readonly number[], target: Target): string {
  // A size of 0 is a size, not a copy of the input's.
  return target.add("Reshape", [value, target.list(shape)], shape.includes(0) ? { allowzero: int(1) } : {});
}

/** The whole numbers below a size. */
export function numbersBelow(size: number, target: Target): string {
  const number = (value: number): string => target.constant({ dtype: "i32", shape: [] }, [value]);
  return target.add("Range", [number(0), number(size), number(1)]);
}

/** Amounts of padding as ONNX has them: before each axis, then behind each. */
export function padsOf(amounts: readonly (readonly [before: number, after: number])[]): readonly number[] {
  return [...amounts.map(([before]) => before), ...amounts.map(([, after]) => after)];
}

/** One number everywhere. */
export function filled(type: OnnxType, value: number, target: Target): string {
  const single = target.constant({ dtype: type.dtype, shape: [] }, [value]);
  return type.shape.length === 0 ? single : target.add("Expand", [single, target.list(type.shape)]);
}

/** [batch, ..., channels] -> [batch, channels, ...] */
export function channelsFirst({ name, type: { shape } }: Value, target: Target): string {
  const axes = shape.map((_, axis) => axis).slice(1, -1);
  return target.add("Transpose", [name], { perm: ints([0, axes.length + 1, ...axes]) });
}

/** [batch, channels, ...] -> [batch, ..., channels] */
export function channelsLast(value: string, rank: number, target: Target): string {
  const axes = Array.from({ length: rank - 2 }, (_, axis) => axis + 2);
  return target.add("Transpose", [value], { perm: ints([0, ...axes, 1]) });
}

/** An operation that runtimes have in f32 only; what has fewer bits is widened. */
export function inF32<Name extends OperationName>(lowering: Lowering<Name>): Lowering<Name> {
  return (operation, inputs, type, target) => {
    if (type.dtype === "f32") return lowering(operation, inputs, type, target);
    const wide = inputs.map(({ name, type: narrow }) => ({
      name: castTo(name, "f32", target),
      type: { ...narrow, dtype: "f32" as const },
    }));
    return castTo(lowering(operation, wide, { ...type, dtype: "f32" }, target), type.dtype, target);
  };
}
