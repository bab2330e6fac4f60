import protobuf from "protobufjs/minimal.js";
import { elementCount, type TensorType } from "../../ir/index.ts";
import type { Attribute, GraphDtype, NodeDef, SavedModel, SignatureDef, TensorInfo } from "./graphdef.ts";

type Writer = protobuf.Writer;

/** TensorFlow's numbers of its types (types.proto). */
const dataTypes: Readonly<Record<GraphDtype, number>> = { f32: 1, i32: 3, i64: 9, bool: 10, bf16: 14, resource: 20 };

/** The version of the operations' meaning (TensorFlow 2.12), which later versions read too. */
const producer = 1395;

const varint = 0;
const lengthDelimited = 2;
const fixed32 = 5;

/** The bytes of `saved_model.pb`. The numbers of fields are those of TensorFlow's .proto files. */
export function encodeSavedModel(model: SavedModel): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, varint)).int64(1);
  message(writer, 2, () => encodeMetaGraph(writer, model));
  return writer.finish();
}

function encodeMetaGraph(writer: Writer, { nodes, signatures }: SavedModel): void {
  message(writer, 1, () => {
    writer.uint32(tag(4, lengthDelimited)).string("serve");
  });
  message(writer, 2, () => {
    for (const node of nodes) message(writer, 1, () => encodeNode(writer, node));
    message(writer, 4, () => writer.uint32(tag(1, varint)).int32(producer));
  });
  for (const [name, signature] of signatures) {
    entry(writer, 5, name, () => encodeSignature(writer, signature));
  }
}

function encodeNode(writer: Writer, { name, op, inputs, attributes }: NodeDef): void {
  writer.uint32(tag(1, lengthDelimited)).string(name);
  writer.uint32(tag(2, lengthDelimited)).string(op);
  for (const input of inputs) writer.uint32(tag(3, lengthDelimited)).string(input);
  for (const [key, value] of Object.entries(attributes)) entry(writer, 5, key, () => encodeAttribute(writer, value));
}

function encodeAttribute(writer: Writer, attribute: Attribute): void {
  switch (attribute.kind) {
    case "types":
      message(writer, 1, () => {
        message(writer, 6, () => {
          for (const dtype of attribute.dtypes) writer.int32(dataTypes[dtype]);
        });
      });
      break;
    case "floats":
      message(writer, 1, () => {
        message(writer, 4, () => {
          for (const value of attribute.values) writer.float(value);
        });
      });
      break;
    case "ints":
      message(writer, 1, () => {
        message(writer, 3, () => {
          for (const value of attribute.values) writer.int64(value);
        });
      });
      break;
    case "string":
      writer.uint32(tag(2, lengthDelimited)).string(attribute.value);
      break;
    case "int":
      writer.uint32(tag(3, varint)).int64(attribute.value);
      break;
    case "float":
      writer.uint32(tag(4, fixed32)).float(attribute.value);
      break;
    case "bool":
      writer.uint32(tag(5, varint)).bool(attribute.value);
      break;
    case "type":
      writer.uint32(tag(6, varint)).int32(dataTypes[attribute.dtype]);
      break;
    case "shape":
      message(writer, 7, () => encodeShape(writer, attribute.shape));
      break;
    case "tensor":
      message(writer, 8, () => encodeTensor(writer, attribute.type, attribute.values));
      break;
  }
}

function encodeTensor(writer: Writer, type: TensorType, values: readonly number[]): void {
  if (values.length !== 1 && values.length !== elementCount(type))
    throw new Error("a tensor has all its values or one");
  writer.uint32(tag(1, varint)).int32(dataTypes[type.dtype]);
  message(writer, 2, () => encodeShape(writer, type.shape));
  switch (type.dtype) {
    case "f32":
      message(writer, 5, () => {
        for (const value of values) writer.float(value);
      });
      break;
    case "i32":
      message(writer, 7, () => {
        for (const value of values) writer.int32(value);
      });
      break;
    case "bool":
      message(writer, 11, () => {
        for (const value of values) writer.bool(value !== 0);
      });
      break;
    case "bf16":
      message(writer, 13, () => {
        for (const value of values) writer.int32(bfloatBits(value));
      });
      break;
  }
}

/** The upper half of a float's bits, rounded to the nearest and of two to the even. */
function bfloatBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

function encodeShape(writer: Writer, shape: readonly number[]): void {
  for (const size of shape) message(writer, 2, () => writer.uint32(tag(1, varint)).int64(size));
}

function encodeSignature(writer: Writer, { inputs, outputs }: SignatureDef): void {
  for (const [name, info] of inputs) entry(writer, 1, name, () => encodeInfo(writer, info));
  for (const [name, info] of outputs) entry(writer, 2, name, () => encodeInfo(writer, info));
  writer.uint32(tag(3, lengthDelimited)).string("tensorflow/serving/predict");
}

function encodeInfo(writer: Writer, { name, type }: TensorInfo): void {
  writer.uint32(tag(1, lengthDelimited)).string(name);
  writer.uint32(tag(2, varint)).int32(dataTypes[type.dtype]);
  message(writer, 3, () => encodeShape(writer, type.shape));
}

/** An entry of a map from names to messages. */
function entry(writer: Writer, field: number, key: string, value: () => void): void {
  message(writer, field, () => {
    writer.uint32(tag(1, lengthDelimited)).string(key);
    message(writer, 2, value);
  });
}

function message(writer: Writer, field: number, content: () => void): void {
  writer.uint32(tag(field, lengthDelimited)).fork();
  content();
  writer.ldelim();
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
