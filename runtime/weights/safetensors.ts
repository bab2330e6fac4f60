import { repeatedKey } from "./header-keys.ts";

/** A tensor of a safetensors file: its elements are where the file says, in the file's own order of bytes. */
export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export type StoredDtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL";

const elementBytes: Readonly<Record<StoredDtype, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A file that does not keep to its format; the message says where and how. */
export class FormatError extends Error {
  readonly problem: string;

  constructor(file: string, problem: string) {
    super(`${file}: ${problem}`);
    this.name = "FormatError";
    this.problem = problem;
  }
}

const longestHeader = 100_000_000;
const lengthBytes = 8;

/**
 * Reads a safetensors file (huggingface.co/docs/safetensors): eight bytes of length, a JSON header, the tensors without
 * gap or overlap. Refuses with a FormatError everything that does not keep to this; keys a file controls go to a Map.
 */
export function readSafetensors(file: string, bytes: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const start = dataStart(file, bytes.subarray(0, lengthBytes), bytes.length);
  const placed = readPlaces(file, bytes.subarray(lengthBytes, start), bytes.length);
  return new Map(
    [...placed].map(([name, { dtype, shape, from, to }]) => [name, { dtype, shape, bytes: bytes.subarray(from, to) }]),
  );
}

/** A tensor that is still in its file: from which byte to which. */
export interface PlacedTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** The byte behind the header, from the file's first eight and its size; refuses with a FormatError. */
export function dataStart(file: string, first: Uint8Array, size: number): number {
  if (first.length < lengthBytes) throw new FormatError(file, `it has ${size} bytes, which is no header`);
  const length = new DataView(first.buffer, first.byteOffset, first.byteLength).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) throw new FormatError(file, `its header of ${length} bytes is too long`);
  const start = lengthBytes + Number(length);
  if (start > size) throw new FormatError(file, `its header of ${length} bytes goes beyond its end`);
  return start;
}

/** Where the tensors of a file of `size` bytes are, from its header; refuses with a FormatError. */
export function readPlaces(file: string, header: Uint8Array, size: number): ReadonlyMap<string, PlacedTensor> {
  const start = lengthBytes + header.length;
  const tensors = new Map<string, PlacedTensor>();
  let end = 0;
  const entries = readHeader(file, header);
  for (const { name, dtype, shape, from, to } of entries.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw new FormatError(file, `\`${name}\` starts at byte ${from}, where ${end} is expected`);
    const bytes = shape.reduce((product, each) => product * each, elementBytes[dtype]);
    if (to - from !== bytes)
      throw new FormatError(file, `\`${name}\` has ${to - from} bytes, and its shape needs ${bytes}`);
    if (start + to > size) throw new FormatError(file, `\`${name}\` goes beyond the end of the file`);
    tensors.set(name, { dtype, shape, from: start + from, to: start + to });
    end = to;
  }
  if (start + end !== size) throw new FormatError(file, `${size - start - end} bytes are left over`);
  return tensors;
}

interface Entry {
  readonly name: string;
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(file: string, bytes: Uint8Array): readonly Entry[] {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw new FormatError(file, `its header is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new FormatError(file, "its header is no object");
  }
  if (!text.startsWith("{")) throw new FormatError(file, "its header does not start with `{`");
  const repeated = repeatedKey(text);
  if (repeated !== null) throw new FormatError(file, `its header has \`${repeated}\` twice`);
  return Object.entries(header).flatMap(([name, entry]: [string, unknown]) =>
    name === "__metadata__" ? [] : [readEntry(file, name, entry)],
  );
}

function readEntry(file: string, name: string, entry: unknown): Entry {
  if (typeof entry !== "object" || entry === null) throw new FormatError(file, `\`${name}\` has no description`);
  const dtype = "dtype" in entry ? asDtype(entry.dtype) : null;
  const shape = "shape" in entry ? asSizes(entry.shape) : null;
  const offsets = "data_offsets" in entry ? asSizes(entry.data_offsets) : null;
  const [from, to] = offsets ?? [];
  if (dtype === null) throw new FormatError(file, `\`${name}\` has an unknown dtype`);
  if (shape === null) throw new FormatError(file, `\`${name}\` has no shape of whole numbers`);
  if (from === undefined || to === undefined || offsets?.length !== 2 || to < from) {
    throw new FormatError(file, `\`${name}\` has no valid data_offsets`);
  }
  return { name, dtype, shape, from, to };
}

function asDtype(value: unknown): StoredDtype | null {
  const names: readonly StoredDtype[] = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];
  return names.find((name) => name === value) ?? null;
}

function asSizes(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const sizes = value.filter(
    (size): size is number => typeof size === "number" && Number.isSafeInteger(size) && size >= 0,
  );
  return sizes.length === value.length ? sizes : null;
}

/** The elements of a stored tensor as numbers. */
export function elementsOf({ dtype, shape, bytes }: StoredTensor): Float64Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[dtype];
  return Float64Array.from({ length: count }, (_, index) => read(view, index * elementBytes[dtype]));
}

/** Bytes of one element. */
export function bytesOf(dtype: StoredDtype): number {
  return elementBytes[dtype];
}

const readers: Readonly<Record<StoredDtype, (view: DataView, at: number) => number>> = {
  F64: (view, at) => view.getFloat64(at, true),
  F32: (view, at) => view.getFloat32(at, true),
  F16: (view, at) => halfToNumber(view.getUint16(at, true)),
  BF16: (view, at) => bfloatToNumber(view.getUint16(at, true)),
  I64: (view, at) => Number(view.getBigInt64(at, true)),
  I32: (view, at) => view.getInt32(at, true),
  I16: (view, at) => view.getInt16(at, true),
  I8: (view, at) => view.getInt8(at),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => Number(view.getUint8(at) !== 0),
};

function bfloatToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A tensor of 32-bit floats that is to be written: its elements, or what gives them in pieces when their turn comes. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | (() => Iterable<Float32Array>);
}

/** Tensors of 32-bit floats as a safetensors file, in the order given. */
export function writeSafetensors(tensors: ReadonlyMap<string, FloatTensor>): Uint8Array {
  const pieces = [...safetensorsPieces(tensors)];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The same file in pieces, its header and then each tensor, so that it need not be in memory as a whole. The same
 * values in the same order give the same bytes; those of a Float32Array are its own, whatever kind of NaN they are.
 */
export function* safetensorsPieces(tensors: ReadonlyMap<string, FloatTensor>): Iterable<Uint8Array> {
  const header: [string, unknown][] = [];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    const count = typeof data === "function" ? shape.reduce((product, size) => product * size, 1) : data.length;
    const next = end + 4 * count;
    header.push([name, { dtype: "F32", shape, data_offsets: [end, next] }]);
    end = next;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // Blanks up to a multiple of eight, so that readers can map the tensors as they are.
  const head = new Uint8Array(lengthBytes + 8 * Math.ceil(text.length / 8)).fill(blank, lengthBytes);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - lengthBytes), true);
  head.set(text, lengthBytes);
  yield head;
  for (const { data } of tensors.values()) {
    if (typeof data === "function") for (const piece of data()) yield floatBytes(piece);
    else yield floatBytes(data);
  }
}

const blank = 0x20;

function floatBytes(data: ArrayLike<number>): Uint8Array {
  if (data instanceof Float32Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < data.length; index++) view.setFloat32(4 * index, data[index] ?? 0, true);
  return bytes;
}
