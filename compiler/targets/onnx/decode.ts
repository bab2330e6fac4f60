import messages from "onnx-proto";
import { dataTypes } from "./lower/index.ts";
import type { OnnxDtype } from "./messages.ts";

/** What a model takes or gives: a size is a number, or a name where it depends on the batch. */
export interface StoredValue {
  readonly name: string;
  /** Null for a type that no program of ours has. */
  readonly dtype: OnnxDtype | null;
  readonly sizes: readonly (number | string)[];
}

/** What an ONNX file says besides its operations. */
export interface StoredModel {
  /** Those without a value in the model. */
  readonly inputs: readonly StoredValue[];
  readonly outputs: readonly StoredValue[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** Reads what a model takes and gives; null where the bytes are not an ONNX model. */
export function decodeOnnx(bytes: Uint8Array): StoredModel | null {
  let model: messages.onnx.ModelProto;
  try {
    model = messages.onnx.ModelProto.decode(bytes);
  } catch {
    return null;
  }
  const { graph, metadataProps } = model;
  if (graph === null || graph === undefined) return null;
  const values = new Set((graph.initializer ?? []).map(({ name }) => name ?? ""));
  return {
    inputs: (graph.input ?? []).filter(({ name }) => !values.has(name ?? "")).map(storedValue),
    outputs: (graph.output ?? []).map(storedValue),
    metadata: new Map(metadataProps.map(({ key, value }) => [key ?? "", value ?? ""])),
  };
}

/** The types of inputs and outputs of programs, by ONNX's numbers. */
const dtypes: ReadonlyMap<number, OnnxDtype> = new Map(
  (["f32", "i32", "bool", "bf16"] as const).map((dtype) => [dataTypes[dtype], dtype]),
);

function storedValue({ name, type }: messages.onnx.IValueInfoProto): StoredValue {
  const tensor = type?.tensorType ?? null;
  const sizes = (tensor?.shape?.dim ?? []).map(({ dimValue, dimParam }) =>
    dimValue === null || dimValue === undefined || Number(dimValue) === 0 ? (dimParam ?? "") : Number(dimValue),
  );
  return { name: name ?? "", dtype: dtypes.get(tensor?.elemType ?? 0) ?? null, sizes };
}
