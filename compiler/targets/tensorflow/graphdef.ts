import type { Dtype, TensorType } from "../../ir/index.ts";

/** The messages of TensorFlow's graphs that are written here, named as in its own schema. */

/** What TensorFlow calls the types of elements. */
export type GraphDtype = Dtype | "i64" | "resource";

export type Attribute =
  | { readonly kind: "type"; readonly dtype: GraphDtype }
  | { readonly kind: "shape"; readonly shape: readonly number[] }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "types"; readonly dtypes: readonly GraphDtype[] }
  | { readonly kind: "ints"; readonly values: readonly number[] }
  | { readonly kind: "floats"; readonly values: readonly number[] }
  /** The values of a tensor in row-major order; a single value stands for all of them. */
  | { readonly kind: "tensor"; readonly type: TensorType; readonly values: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  /** Outputs of other nodes, `name` for the first and `name:1` for the next; then `^name`, which only have to run before. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** An input or an output of a signature. */
export interface TensorInfo {
  /** `node:0` */
  readonly name: string;
  readonly type: TensorType;
}

export interface SignatureDef {
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
}

/** A model as TensorFlow loads it: one graph, and the names of what can be run in it. */
export interface SavedModel {
  readonly nodes: readonly NodeDef[];
  readonly signatures: ReadonlyMap<string, SignatureDef>;
}

/** The attribute that most operations have. */
export function typeAttribute(dtype: GraphDtype): Attribute {
  return { kind: "type", dtype };
}
