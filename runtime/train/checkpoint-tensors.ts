import { createHash, type Hash } from "node:crypto";
import { type FileSystem, readAll, writeDurably } from "../files/index.ts";
import { dataStart, type FloatTensor, FormatError, readPlaces, safetensorsPieces } from "../weights/index.ts";
import type { FileRecord } from "./checkpoint-state.ts";

/** A tensor that training changes. */
export interface TrainedTensor extends FloatTensor {
  readonly data: Float32Array;
}

/** Bytes that are hashed by one call: Node.js takes less than 2 GiB. */
const bytesAtOnce = 2 ** 26;

/** Tensors as the pieces of a safetensors file, by name, so that the same values give the same bytes. */
export function sortedPieces(
  tensors: ReadonlyMap<string, TrainedTensor>,
  metadata: ReadonlyMap<string, string>,
): Iterable<Uint8Array> {
  for (const [name, { shape, data }] of tensors) {
    if (shape.reduce((product, size) => product * size, 1) === data.length) continue;
    throw new Error(`${name} has ${data.length} elements, and its shape is [${shape.join(", ")}]`);
  }
  return safetensorsPieces(new Map([...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1))), metadata);
}

/** Writes a safetensors file to disk. Throws what the file system says. */
export function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, TrainedTensor>,
  files: FileSystem,
  metadata: ReadonlyMap<string, string> = new Map(),
): FileRecord {
  const hash = createHash("sha256");
  let bytes = 0;
  function* hashed(): Iterable<Uint8Array> {
    for (const piece of sortedPieces(tensors, metadata)) {
      addTo(hash, piece);
      bytes += piece.length;
      yield piece;
    }
  }
  writeDurably(path, hashed(), files);
  return { sha256: hash.digest("hex"), bytes };
}

/**
 * Reads what `writeTensors` wrote, each tensor into its own memory and once over the file. Refuses with a FormatError
 * what is not the file that was written; throws what the file system says.
 */
export function readTensors(
  path: string,
  { sha256, bytes }: FileRecord,
  files: FileSystem,
): ReadonlyMap<string, TrainedTensor> {
  const handle = files.open(path);
  try {
    const size = files.size(handle);
    if (size !== bytes) throw new FormatError(path, `it has ${size ?? "no"} bytes, and ${bytes} were written`);
    const hash = createHash("sha256");
    const take = (into: Uint8Array, at: number): Uint8Array => {
      if (!readAll(handle, into, at, files)) throw new FormatError(path, "it became shorter while it was read");
      addTo(hash, into);
      return into;
    };
    const first = take(new Uint8Array(Math.min(size, 8)), 0);
    const start = dataStart(path, first, size);
    const places = readPlaces(path, take(new Uint8Array(start - first.length), first.length), size);
    const tensors = new Map<string, TrainedTensor>();
    for (const [name, { dtype, shape, from, to }] of places) {
      if (dtype !== "F32") throw new FormatError(path, `\`${name}\` is not of 32-bit floats`);
      const data = new Float32Array((to - from) / Float32Array.BYTES_PER_ELEMENT);
      take(new Uint8Array(data.buffer), from);
      tensors.set(name, { shape, data });
    }
    if (hash.digest("hex") !== sha256) throw new FormatError(path, "its SHA-256 is not that of what was written");
    return tensors;
  } finally {
    files.close(handle);
  }
}

function addTo(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += bytesAtOnce) hash.update(bytes.subarray(at, at + bytesAtOnce));
}
