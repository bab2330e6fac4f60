import { ProblemError } from "../../text/index.ts";
import { countOf, type FloatTensor } from "../../weights/index.ts";

/**
 * Tensors as an `.onnx_adapter` file, which ONNX Runtime's OrtLoraAdapter reads: a FlatBuffer of its adapter_schema.fbs, with the
 * tables Adapter and Parameter. In pieces, with one tensor in memory at a time; the names are those of a model's inputs.
 */
export function* onnxAdapterPieces(tensors: ReadonlyMap<string, FloatTensor>): Iterable<Uint8Array> {
  const placed = placeTensors(tensors);
  let end = placed.headBytes;
  yield headOf(placed);
  for (const { at, bytes, tensor } of placed.tensors) {
    // The number of bytes stands before them.
    const before = new Uint8Array(at - end);
    new DataView(before.buffer).setUint32(before.length - 4, bytes, true);
    yield before;
    for (const piece of piecesOf(tensor)) yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    end = at + bytes;
  }
}

function* piecesOf({ data, isWhole = false }: FloatTensor): Iterable<Float32Array | Int32Array> {
  for (const piece of typeof data === "function" ? data() : [Float32Array.from(data)])
    yield isWhole ? Int32Array.from(piece) : piece;
}

/** Readers take offsets of 31 bits. */
const longestFile = 2 ** 31 - 1;

const identifier = "TORT";
const formatVersion = 1;
/** Of an adapter and of its model; manifests hold both together instead. */
const noVersion = 1;
/** TensorDataType.FLOAT and INT32. */
const [float, int32] = [1, 6];

/**
 * The head: where the root is and the identifier, where each of the two tables has its fields, the root, and then each parameter.
 * Both tables have four fields of four bytes, behind an offset to where their fields are.
 */
const fields = { adapter: 8, parameter: 20, bytes: 12 } as const;
const root = 32;
const tableBytes = 20;
const list = root + tableBytes;

interface PlacedParameter {
  readonly name: Uint8Array;
  readonly tensor: FloatTensor;
  readonly tableAt: number;
  readonly nameAt: number;
  readonly sizesAt: number;
  /** The first byte of its elements. */
  readonly at: number;
  readonly bytes: number;
}

interface PlacedTensors {
  readonly headBytes: number;
  readonly tensors: readonly PlacedParameter[];
}

function placeTensors(tensors: ReadonlyMap<string, FloatTensor>): PlacedTensors {
  let end = list + 4 + 4 * tensors.size;
  const described = [...tensors].map(([text, tensor]) => {
    const name = new TextEncoder().encode(text);
    const tableAt = end;
    const nameAt = tableAt + tableBytes;
    // A text is its length, itself and a zero.
    const sizesAt = vectorFrom(nameAt + 4 + name.length + 1);
    end = sizesAt + 4 + 8 * tensor.shape.length;
    return { name, tensor, tableAt, nameAt, sizesAt };
  });
  const headBytes = end;
  const placed = described.map((each) => {
    const at = vectorFrom(end) + 4;
    const bytes = 4 * countOf(each.tensor.shape);
    end = at + bytes;
    return { ...each, at, bytes };
  });
  if (end > longestFile) {
    const message = `its tensors have ${end} bytes, but an .onnx_adapter file ends at 2 GiB`;
    throw new ProblemError({ subject: "", message, help: null });
  }
  return { headBytes, tensors: placed };
}

/** The first place from one on for a count of four bytes with what begins at a multiple of eight behind it. */
function vectorFrom(place: number): number {
  return 8 * Math.ceil((place + 4) / 8) - 4;
}

function headOf({ headBytes, tensors }: PlacedTensors): Uint8Array {
  const bytes = new Uint8Array(headBytes);
  const view = new DataView(bytes.buffer);
  const number = (at: number, value: number): void => view.setUint32(at, value, true);
  /** An offset is relative to where it stands. */
  const lead = (at: number, to: number): void => number(at, to - at);
  lead(0, root);
  bytes.set(new TextEncoder().encode(identifier), 4);
  for (const at of [fields.adapter, fields.parameter])
    for (const [place, value] of [fields.bytes, tableBytes, 4, 8, 12, 16].entries())
      view.setUint16(at + 2 * place, value, true);
  number(root, root - fields.adapter);
  for (const [place, value] of [formatVersion, noVersion, noVersion].entries()) number(root + 4 + 4 * place, value);
  lead(root + 16, list);
  number(list, tensors.length);
  for (const [index, { name, tensor, tableAt, nameAt, sizesAt, at }] of tensors.entries()) {
    lead(list + 4 + 4 * index, tableAt);
    number(tableAt, tableAt - fields.parameter);
    lead(tableAt + 4, nameAt);
    lead(tableAt + 8, sizesAt);
    number(tableAt + 12, tensor.isWhole === true ? int32 : float);
    lead(tableAt + 16, at - 4);
    number(nameAt, name.length);
    bytes.set(name, nameAt + 4);
    number(sizesAt, tensor.shape.length);
    for (const [axis, size] of tensor.shape.entries()) view.setBigInt64(sizesAt + 4 + 8 * axis, BigInt(size), true);
  }
  return bytes;
}
