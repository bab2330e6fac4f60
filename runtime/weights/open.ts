import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Diagnostic } from "../../grammar/index.ts";
import { wrongFile } from "./load.ts";
import { bytesOf, dataStart, elementsOf, FormatError, type PlacedTensor, readPlaces } from "./safetensors.ts";

/** A safetensors file whose tensors are read when they are asked for, so that it may be larger than memory. */
export interface OpenTensors {
  readonly kind: "tensors";
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  /** A tensor's elements in their order, in pieces. Throws where the file cannot be read any more. */
  readonly floats: (tensor: PlacedTensor) => Iterable<Float32Array>;
  readonly close: () => void;
}

/** Elements that are read and converted at once. */
const elementsAtOnce = 2 ** 20;

/** Opens a safetensors file and reads its header, or says what is wrong with it. */
export function openTensors(path: string): OpenTensors | { readonly kind: "wrong"; readonly diagnostic: Diagnostic } {
  let handle: number | null = null;
  try {
    handle = openSync(path, "r");
    const open = handle;
    const { size } = fstatSync(open);
    const start = dataStart(path, readBytes(open, 0, Math.min(size, 8), path), size);
    const tensors = readPlaces(path, readBytes(open, 8, start, path), size);
    return {
      kind: "tensors",
      tensors,
      floats: (tensor) => floatsOf(open, tensor, path),
      close: () => closeSync(open),
    };
  } catch (error) {
    if (handle !== null) closeSync(handle);
    return wrongFile(path, error);
  }
}

function* floatsOf(handle: number, { dtype, from, to }: PlacedTensor, path: string): Iterable<Float32Array> {
  const step = elementsAtOnce * bytesOf(dtype);
  for (let at = from; at < to; at += step) {
    const bytes = readBytes(handle, at, Math.min(to, at + step), path);
    yield dtype === "F32"
      ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      : Float32Array.from(elementsOf({ dtype, shape: [bytes.length / bytesOf(dtype)], bytes }));
  }
}

function readBytes(handle: number, from: number, to: number, path: string): Uint8Array {
  const bytes = new Uint8Array(to - from);
  for (let done = 0; done < bytes.length; ) {
    const read = readSync(handle, bytes, done, bytes.length - done, from + done);
    if (read === 0) throw new FormatError(path, "it became shorter while it was read");
    done += read;
  }
  return bytes;
}
