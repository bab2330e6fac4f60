import { readSync } from "node:fs";
import { join } from "node:path";
import { halfBits, type Place } from "../../../../compiler/index.ts";
import { withRegularFile } from "../../../files/index.ts";
import { joined, type WeightPieces } from "../../../weights/index.ts";

/** The bytes of a weight as they stand in a base's file. */
export type StoredBytes = (name: string) => Uint8Array;

/** Those of weights that are to be written. */
export function bytesOf(places: ReadonlyMap<string, Place>, piecesOf: WeightPieces): StoredBytes {
  return (name) => {
    const { bytes, dtype } = placeOf(places, name);
    const isHalf = dtype === "bf16";
    const values = joined(piecesOf(name), bytes / (isHalf ? 2 : 4));
    const { buffer, byteOffset, byteLength } = isHalf ? Uint16Array.from(values, halfBits) : values;
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
}

/** Those that were written into a folder. Throws what the file system says. */
export function bytesIn(places: ReadonlyMap<string, Place>, folder: string): StoredBytes {
  return (name) => {
    const { file, offset, bytes } = placeOf(places, name);
    return withRegularFile(join(folder, file), (handle) => {
      const found = new Uint8Array(bytes);
      let length = 0;
      for (let count = -1; count !== 0 && length < bytes; length += count)
        count = readSync(handle, found, length, bytes - length, offset + length);
      return found.subarray(0, length);
    });
  };
}

/** The weights, of some, that are other numbers in one place than in another. */
export function differingWeights(names: Iterable<string>, one: StoredBytes, other: StoredBytes): readonly string[] {
  return [...names].filter((name) => Buffer.compare(one(name), other(name)) !== 0);
}

function placeOf(places: ReadonlyMap<string, Place>, name: string): Place {
  const place = places.get(name);
  if (place === undefined) throw new Error(`invariant: ${name} is a weight of the base`);
  return place;
}
