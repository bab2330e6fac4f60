import messages from "onnx-proto";
import { halfBits } from "./half.ts";
import { dataTypes } from "./lower/index.ts";
import {
  type Attribute,
  elementBytes,
  type InlineTensor,
  type NamedType,
  type OnnxModel,
  type OnnxType,
} from "./messages.ts";
import type { Place } from "./place-weights.ts";

/** The operators' version: the first with Gelu, which ONNX Runtime has had since 2023. */
const opset = 20;
/** The format's version that came with it. */
const irVersion = 9;

export interface ModelAbout {
  readonly name: string;
  readonly version: string;
  /** Where the weights are, in files of the model's own folder. */
  readonly places: ReadonlyMap<string, Place>;
  /** What else a reader may want to know, by names that start with `medctc.`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Encodes a model as onnx.proto says; its weights are where `places` says. */
export function encodeOnnx(model: OnnxModel, about: ModelAbout): Uint8Array {
  const { AttributeProto, ModelProto, TensorProto } = messages.onnx;
  const attribute = (name: string, value: Attribute) => {
    switch (value.kind) {
      case "int":
        return { name, type: AttributeProto.AttributeType.INT, i: value.value };
      case "float":
        return { name, type: AttributeProto.AttributeType.FLOAT, f: value.value };
      case "ints":
        return { name, type: AttributeProto.AttributeType.INTS, ints: [...value.values] };
      case "string":
        return { name, type: AttributeProto.AttributeType.STRING, s: new TextEncoder().encode(value.value) };
    }
  };
  return ModelProto.encode({
    irVersion,
    producerName: "medctc",
    producerVersion: about.version,
    opsetImport: [{ domain: "", version: opset }],
    metadataProps: [...about.metadata].map(([key, value]) => ({ key, value })),
    graph: {
      name: about.name,
      node: model.nodes.map(({ name, op, inputs, unread, output, attributes }) => ({
        name,
        opType: op,
        input: [...inputs],
        output: unread === undefined ? [output] : [unread, output],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      })),
      input: model.inputs.map(valueInfo),
      output: model.outputs.map(valueInfo),
      initializer: [
        ...model.inline.map((tensor) => ({ ...described(tensor), rawData: rawBytes(tensor) })),
        ...model.weights.map((weight) => ({
          ...described(weight),
          dataLocation: TensorProto.DataLocation.EXTERNAL,
          externalData: externalData(about.places.get(weight.name)),
        })),
      ],
    },
  }).finish();
}

function externalData(place: Place | undefined) {
  if (place === undefined) throw new Error("every weight has a place");
  const entries = { location: place.file, offset: String(place.offset), length: String(place.bytes) };
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

function described({ name, type }: { readonly name: string; readonly type: OnnxType }) {
  return { name, dataType: dataTypes[type.dtype], dims: [...type.shape] };
}

function valueInfo({ name, type }: NamedType) {
  const sizes = type.sizes ?? type.shape;
  const dim = sizes.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: dataTypes[type.dtype], shape: { dim } } } };
}

/** Elements as ONNX stores them: row-major, little-endian. */
function rawBytes({ type, values }: InlineTensor): Uint8Array {
  const write = writers[type.dtype];
  const size = elementBytes[type.dtype];
  const bytes = new Uint8Array(size * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) write(view, index * size, value);
  return bytes;
}

const writers: Readonly<Record<OnnxType["dtype"], (view: DataView, at: number, value: number) => void>> = {
  f32: (view, at, value) => view.setFloat32(at, value, true),
  i8: (view, at, value) => view.setInt8(at, value),
  i32: (view, at, value) => view.setInt32(at, value, true),
  u32: (view, at, value) => view.setUint32(at, value, true),
  i64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  bool: (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1),
  bf16: (view, at, value) => view.setUint16(at, halfBits(value), true),
};
