import type { Dtype } from "../../ir/index.ts";

/** The messages of an ONNX model that are written here, named as in its own schema. */

/** What ONNX calls the types of elements. */
export type OnnxDtype = Dtype | "i8" | "i64" | "u32";

/** Bytes that one element takes. */
export const elementBytes: Readonly<Record<OnnxDtype, number>> = {
  f32: 4,
  bf16: 2,
  i8: 1,
  i32: 4,
  u32: 4,
  i64: 8,
  bool: 1,
};

export interface OnnxType {
  readonly dtype: OnnxDtype;
  readonly shape: readonly number[];
  /** The sizes as they are said where some depend on the batch: a number, or a name. */
  readonly sizes?: readonly (number | string)[];
}

export type Attribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "ints"; readonly values: readonly number[] }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** An output before it that nothing reads. */
  readonly unread?: string;
  readonly output: string;
  readonly attributes: Attributes;
}

/** A value that stands in the model's file. */
export interface InlineTensor {
  readonly name: string;
  readonly type: OnnxType;
  /** In row-major order. */
  readonly values: readonly number[];
}

/** A weight of the model, which stands in a file beside it. */
export interface Weight {
  readonly name: string;
  readonly type: OnnxType;
  /** Whether training changes it. */
  readonly trainable: boolean;
}

export interface NamedType {
  readonly name: string;
  readonly type: OnnxType;
}

export interface Output extends NamedType {
  /** What the program calls it: in ONNX no output may have the name of an input. */
  readonly of: string;
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly Output[];
  readonly inline: readonly InlineTensor[];
  readonly weights: readonly Weight[];
}

export function int(value: number): Attribute {
  return { kind: "int", value };
}

export function ints(values: readonly number[]): Attribute {
  return { kind: "ints", values };
}
