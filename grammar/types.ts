import type { Dimension, DtypeName, Name, ScalarTypeName, TensorType, TypeExpression } from "./ast.ts";
import type { Span } from "./source.ts";

/** A type as it was written, before its name is known to be one. */
export interface WrittenType {
  readonly name: Name;
  readonly dims: readonly Dimension[] | null;
  readonly span: Span;
}

const scalars: ReadonlyMap<string, ScalarTypeName> = new Map([
  ["int", "int"],
  ["float", "float"],
  ["bool", "bool"],
  ["string", "string"],
]);
const dtypes: ReadonlyMap<string, DtypeName> = new Map([
  ["f32", "f32"],
  ["bf16", "bf16"],
  ["i32", "i32"],
  ["bool", "bool"],
]);

/** Everything that may stand where a type is written. */
export const typeNames: ReadonlySet<string> = new Set([...scalars.keys(), ...dtypes.keys(), "list"]);

/** The type that a name and its brackets mean, or null: `bool` alone is a scalar, `bool[n]` a tensor. */
export function resolveType({ name, dims, span }: WrittenType): TypeExpression | null {
  if (dims === null) {
    const scalar = scalars.get(name.text);
    return scalar === undefined ? null : { kind: "scalar-type", name: scalar, span };
  }
  const dtype = dtypes.get(name.text);
  if (dtype !== undefined) return { kind: "tensor-type", dtype, dims, span };
  const [element, ...more] = dims;
  if (name.text !== "list" || element?.kind !== "name" || more.length > 0) return null;
  const scalar = scalars.get(element.text);
  return scalar === undefined ? null : { kind: "list-type", element: scalar, span };
}

export function isTensorType(type: TypeExpression): type is TensorType {
  return type.kind === "tensor-type";
}
