import { readSync } from "node:fs";
import { join } from "node:path";
import { elementBytes, halfBits, type Place, scalesName } from "../../../../compiler/index.ts";
import { withRegularFile } from "../../../files/index.ts";
import { joined, type WeightPieces } from "../../../weights/index.ts";

/** The bytes of a weight as they stand in a base's file, with its scales behind it where it is in 8 bits. */
export type StoredBytes = (name: string) => Uint8Array;

/** Those of weights that are to be written, which have whole numbers as elements where they are in 8 bits. */
export function bytesOf(places: ReadonlyMap<string, Place>, piecesOf: WeightPieces): StoredBytes {
  return withScales(places, (name) => {
    const { bytes, dtype } = placeOf(places, name);
    const values = joined(piecesOf(name), bytes / elementBytes[dtype]);
    const { buffer, byteOffset, byteLength } =
      dtype === "bf16" ? Uint16Array.from(values, halfBits) : dtype === "i8" ? Int8Array.from(values) : values;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
}

function withScales(places: ReadonlyMap<string, Place>, bytesAt: StoredBytes): StoredBytes {
  return (name) => {
    const scales = scalesName(name);
    return places.has(scales) ? Buffer.concat([bytesAt(name), bytesAt(scales)]) : bytesAt(name);
  };
}

/** Those that were written into a folder. Throws what the file system says. */
export function bytesIn(places: ReadonlyMap<string, Place>, folder: string): StoredBytes {
  return withScales(places, (name) => {
    const { file, offset, bytes } = placeOf(places, name);
    return withRegularFile(join(folder, file), (handle) => {
      const found = new Uint8Array(bytes);
      let length = 0;
      for (let count = -1; count !== 0 && length < bytes; length += count)
        count = readSync(handle, found, length, bytes - length, offset + length);
      return found.subarray(0, length);
    });
  });
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
