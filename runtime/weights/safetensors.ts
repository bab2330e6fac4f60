import { bytesOf, countOf, type StoredDtype, type StoredTensor } from "./elements.ts";
import { FormatError } from "./format-error.ts";
import type { PlacedTensor } from "./placed-tensor.ts";
import { readHeader } from "./safetensors-header.ts";

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

/** The byte behind the header, from the file's first eight and its size; refuses with a FormatError. */
export function dataStart(file: string, first: Uint8Array, size: number): number {
  if (first.length < lengthBytes) throw new FormatError(file, `it has ${size} bytes, too few for a header`);
  const length = new DataView(first.buffer, first.byteOffset, first.byteLength).getBigUint64(0, true);
  if (length > BigInt(longestHeader)) throw new FormatError(file, `its header of ${length} bytes is too long`);
  const start = lengthBytes + Number(length);
  if (start > size) throw new FormatError(file, `its header of ${length} bytes goes beyond its end`);
  return start;
}

/** Where the tensors of a file of `size` bytes are, from its header; refuses with a FormatError. */
export function readPlaces(file: string, header: Uint8Array, size: number): ReadonlyMap<string, PlacedTensor> {
  return placeTensors(file, header, size).tensors;
}

/** The same, with the texts that the header has besides. */
export function placeTensors(
  file: string,
  header: Uint8Array,
  size: number,
): { readonly tensors: ReadonlyMap<string, PlacedTensor>; readonly metadata: ReadonlyMap<string, string> } {
  const start = lengthBytes + header.length;
  const tensors = new Map<string, PlacedTensor>();
  let end = 0;
  const { entries, metadata } = readHeader(file, header);
  for (const { name, dtype, shape, from, to } of entries.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw new FormatError(file, `\`${name}\` starts at byte ${from}, where ${end} is expected`);
    if (start + to > size) throw new FormatError(file, `\`${name}\` goes beyond the end of the file`);
    tensors.set(name, { dtype, shape, from: start + from, to: start + to, strides: null });
    end = to;
  }
  const left = size - start - end;
  if (left !== 0) throw new FormatError(file, `${left} ${left === 1 ? "byte is" : "bytes are"} left over`);
  return { tensors, metadata };
}

/** A tensor of 32-bit numbers that is to be written: its elements, or what gives them in pieces when their turn comes. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number> | (() => Iterable<Float32Array>);
  /** Whether its elements are whole numbers, which are written as 32-bit integers. */
  readonly isWhole?: boolean;
}

/** Tensors of 32-bit numbers as a safetensors file, in the order given, with texts besides. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const pieces = [...safetensorsPieces(tensors, metadata)];
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
export function safetensorsPieces(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Iterable<Uint8Array> {
  const stored = [...tensors].map(([name, { shape, data, isWhole = false }]): readonly [string, StoredPieces] => [
    name,
    { dtype: isWhole ? "I32" : "F32", shape, bytes: () => bytesOfPieces(data, isWhole ? wholeBytes : floatBytes) },
  ]);
  return storedPieces(new Map(stored), metadata);
}

function* bytesOfPieces(
  data: FloatTensor["data"],
  bytesOf: (piece: ArrayLike<number>) => Uint8Array,
): Iterable<Uint8Array> {
  if (typeof data === "function") for (const piece of data()) yield bytesOf(piece);
  else yield bytesOf(data);
}

/** A tensor of any type that is to be written: what gives its bytes in pieces when their turn comes. */
export interface StoredPieces {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: () => Iterable<Uint8Array>;
}

/** Tensors of any types as a safetensors file in pieces, in the order given, with texts besides. */
export function* storedPieces(
  tensors: ReadonlyMap<string, StoredPieces>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Iterable<Uint8Array> {
  const header: [string, unknown][] = metadata.size === 0 ? [] : [["__metadata__", Object.fromEntries(metadata)]];
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const next = end + countOf(shape) * bytesOf(dtype);
    header.push([name, { dtype, shape, data_offsets: [end, next] }]);
    end = next;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // Blanks up to a multiple of eight, so that readers can map the tensors as they are.
  const head = new Uint8Array(lengthBytes + 8 * Math.ceil(text.length / 8)).fill(blank, lengthBytes);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - lengthBytes), true);
  head.set(text, lengthBytes);
  yield head;
  for (const { bytes } of tensors.values()) yield* bytes();
}

const blank = 0x20;

function floatBytes(data: ArrayLike<number>): Uint8Array {
  if (data instanceof Float32Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < data.length; index++) view.setFloat32(4 * index, data[index] ?? 0, true);
  return bytes;
}

function wholeBytes(data: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * data.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < data.length; index++) view.setInt32(4 * index, data[index] ?? 0, true);
  return bytes;
}
