import { at } from "../at.ts";
import { bytesOf, countOf, decode, type StoredDtype } from "./elements.ts";
import { readPart, type WeightFile } from "./weight-file.ts";

/** A tensor that is still in its file. */
export interface PlacedTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  /** The byte of its first element, and the one behind its last. */
  readonly from: number;
  readonly to: number;
  /** How many elements lie from one to the next along each axis; null where they lie in their order. */
  readonly strides: readonly number[] | null;
}

/** Elements that are read and converted at once: few enough that the processor still has them when they are copied on. */
const elementsAtOnce = 2 ** 18;

/**
 * A tensor's elements in their order, row by row, in pieces, each of which is good until the next is asked for. Where they
 * do not lie in this order, all bytes from its first to its last are in memory while it is read. Throws where the file
 * cannot be read any more.
 */
export function floatsOf(file: WeightFile, tensor: PlacedTensor): Iterable<Float32Array> {
  return tensor.strides === null ? inOrder(file, tensor) : gathered(file, tensor, tensor.strides);
}

/** The bytes of a tensor's elements in their order, as they are in the file, in pieces; what is said of `floatsOf` holds. */
export function bytesIn(file: WeightFile, tensor: PlacedTensor): Iterable<Uint8Array> {
  return tensor.strides === null ? bytesInOrder(file, tensor) : gatheredBytes(file, tensor, tensor.strides);
}

function* bytesInOrder(file: WeightFile, { dtype, from, to }: PlacedTensor): Iterable<Uint8Array> {
  const bytes = new Uint8Array(Math.min(to - from, elementsAtOnce * bytesOf(dtype)));
  for (let at = from; at < to; at += bytes.length) {
    const piece = bytes.subarray(0, Math.min(to - at, bytes.length));
    file.readInto(piece, at);
    yield piece;
  }
}

function* inOrder(file: WeightFile, { dtype, from, to }: PlacedTensor): Iterable<Float32Array> {
  const size = bytesOf(dtype);
  // New memory for each piece would take longer than reading it.
  const bytes = new Uint8Array(Math.min(to - from, elementsAtOnce * size));
  const floats = dtype === "F32" ? new Float32Array(bytes.buffer) : new Float32Array(bytes.length / size);
  for (let at = from; at < to; at += bytes.length) {
    const count = Math.min(to - at, bytes.length) / size;
    const piece = floats.subarray(0, count);
    file.readInto(bytes.subarray(0, count * size), at);
    if (dtype !== "F32") decode(dtype, bytes, piece);
    yield piece;
  }
}

function* gathered(file: WeightFile, tensor: PlacedTensor, strides: readonly number[]): Iterable<Float32Array> {
  for (const piece of gatheredBytes(file, tensor, strides)) {
    const floats = new Float32Array(piece.length / bytesOf(tensor.dtype));
    decode(tensor.dtype, piece, floats);
    yield floats;
  }
}

function* gatheredBytes(
  file: WeightFile,
  { dtype, shape, from, to }: PlacedTensor,
  strides: readonly number[],
): Iterable<Uint8Array> {
  const size = bytesOf(dtype);
  const bytes = readPart(file, from, to);
  const count = countOf(shape);
  const places = placesOf(shape, strides);
  for (let done = 0; done < count; done += elementsAtOnce) {
    const piece = new Uint8Array(size * Math.min(elementsAtOnce, count - done));
    for (let at = 0; at < piece.length; at += size) {
      const place = size * places();
      for (let byte = 0; byte < size; byte++) piece[at + byte] = bytes[place + byte] ?? 0;
    }
    yield piece;
  }
}

/** Gives, at each call, where the next element is, counted from the first. */
function placesOf(shape: readonly number[], strides: readonly number[]): () => number {
  const index = shape.map(() => 0);
  let next = 0;
  return () => {
    const place = next;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = at(strides, axis);
      const moved = at(index, axis) + 1;
      if (moved < at(shape, axis)) {
        index[axis] = moved;
        next += stride;
        break;
      }
      next -= stride * (moved - 1);
      index[axis] = 0;
    }
    return place;
  };
}
