import { createHash } from "node:crypto";
import { windowsOf } from "../../compiler/channel-windows.ts";
import { alignedFloats } from "../aligned-floats.ts";
import { at } from "../at.ts";
import { machineFiles, readAll } from "../files/index.ts";
import {
  fillPadding,
  isWhole,
  type PackedVolume,
  rowStarts,
  type VolumeSettings,
  voxelsIn,
} from "./transforms/index.ts";

/*
 * An entry of the cache: SHA-256 of what follows it; its key; padding and sizes as eight whole numbers; voxels without padding. All
 * little-endian.
 */

const hashBytes = 32;
const fieldBytes = 4 * 8;
const headBytes = 2 * hashBytes + fieldBytes;

/** Bytes that are read, and hashed while they are in the processor's cache, at once. */
const bytesAtOnce = 2 ** 20;

/** How many bytes the entry of a volume has. */
export function entryBytes({ voxels, counts, size }: PackedVolume): number {
  if (voxels instanceof Int16Array) return headBytes + voxels.byteLength;
  return headBytes + (voxels.byteLength / voxelsIn(size)) * voxelsIn(counts);
}

/** The entry of a volume, in pieces whose memory is filled anew for the next one. */
export function* entryPieces(key: string, packed: PackedVolume): Generator<Uint8Array> {
  const head = Buffer.alloc(headBytes);
  head.write(key, hashBytes, "hex");
  for (const [index, value] of [...packed.before, ...packed.counts].entries()) {
    head.writeUInt32LE(value, 2 * hashBytes + 4 * index);
  }
  const hash = createHash("sha256").update(head.subarray(hashBytes));
  for (const piece of voxelPieces(packed)) hash.update(piece);
  hash.digest().copy(head);
  yield head;
  yield* voxelPieces(packed);
}

/** Voxels without their padding. */
function* voxelPieces(packed: PackedVolume): Generator<Uint8Array> {
  const { voxels, counts, size } = packed;
  if (voxels instanceof Int16Array || isWhole(packed)) {
    yield new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
    return;
  }
  const slice = new Float32Array(counts[1] * counts[2]);
  let filled = 0;
  for (const start of rowStarts(packed, voxels.length / voxelsIn(size))) {
    slice.set(voxels.subarray(start, start + counts[2]), filled);
    filled += counts[2];
    if (filled < slice.length) continue;
    yield new Uint8Array(slice.buffer);
    filled = 0;
  }
}

export interface ReadingEntry {
  readonly key: string;
  readonly settings: VolumeSettings;
  /** Whether its hash was found right before. */
  readonly isVerified: boolean;
  /** Memory that the voxels are read to where it is as large as they are. */
  readonly used: ArrayBuffer | null;
}

/** Reads an entry from an open file of so many bytes; null when it is damaged or another's. Throws what the file system says. */
export function readEntryFile(
  file: number,
  bytes: number,
  { key, settings, isVerified, used }: ReadingEntry,
): PackedVolume | null {
  const head = Buffer.alloc(headBytes);
  if (!readAll(file, head, 0, machineFiles)) return null;
  if (head.toString("hex", hashBytes, 2 * hashBytes) !== key) return null;
  const field = (index: number): number => head.readUInt32LE(2 * hashBytes + 4 * index);
  const { size, storage, pad } = settings;
  const placing = { before: [field(0), field(1), field(2)], counts: [field(3), field(4), field(5)], size } as const;
  if (!size.every((all, axis) => at(placing.before, axis) + at(placing.counts, axis) <= all)) return null;
  const channels = windowsOf(settings).length;
  const count = channels * voxelsIn(placing.counts);
  if (bytes !== headBytes + (storage === "f32" ? 4 : 2) * count) return null;
  const hash = isVerified ? null : createHash("sha256").update(head.subarray(hashBytes));
  const voxels = storage === "f32" ? alignedFloats(channels * voxelsIn(size), used) : new Int16Array(count);
  let place = headBytes;
  const isRead = voxels instanceof Int16Array || isWhole(placing) ? read(bytesOf(voxels)) : readSlices(voxels);
  if (!isRead || hash?.digest().equals(head.subarray(0, hashBytes)) === false) return null;
  return { ...placing, voxels };

  function read(into: Uint8Array): boolean {
    for (let from = 0; from < into.length; from += bytesAtOnce) {
      const piece = into.subarray(from, from + bytesAtOnce);
      if (!readAll(file, piece, place, machineFiles)) return false;
      hash?.update(piece);
      place += piece.length;
    }
    return true;
  }

  /** Each slice is read to the end of its place, from where its rows are moved forward to theirs. */
  function readSlices(values: Float32Array): boolean {
    const [, height, width] = placing.counts;
    const end = voxelsIn([1, size[1], size[2]]);
    let row = 0;
    let from = 0;
    for (const start of rowStarts(placing, channels)) {
      if (row === 0) {
        from = Math.ceil((start + 1) / end) * end - height * width;
        if (!read(bytesOf(values.subarray(from, from + height * width)))) return false;
      }
      values.copyWithin(start, from + row * width, from + (row + 1) * width);
      row = (row + 1) % height;
    }
    fillPadding(values, placing, pad);
    return true;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
