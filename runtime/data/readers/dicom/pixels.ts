import type { FileHandle } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";
import { openVolumeFile, readable, UnreadableFile } from "../volume-bytes.ts";
import { makeVoxels, orderBytes, toDoubles, type Voxels, voxelBytes } from "../voxels.ts";
import { mostInflated, type StoredPixels, type StoredSlice } from "./dicom-file.ts";
import { decodeJpegLossless } from "./jpeg-lossless.ts";
import { decodeRle } from "./rle.ts";
import type { PixelBits } from "./slice.ts";

const copyAgain = "Copy or download it again.";

/**
 * Reads the pixels of slices, one after the other, into the same memory. Of a file whose frames cannot be read apart, because
 * they are compressed, the whole is kept until another one is asked for. Throws an UnreadableFile.
 */
export class PixelReader {
  private readonly stored: { readonly bytes: Buffer; readonly voxels: Voxels };
  /** Values after a slice's own scaling; null where the slices' scaling is the header's. */
  private readonly scaled: Float64Array | null;
  private kept: { readonly path: string; readonly bytes: Uint8Array } | null = null;

  /** For slices that are all of a type and size, scaled each in its own way or not at all. */
  constructor({ bits, columns, rows }: StoredSlice, isScaled: boolean) {
    this.stored = makeVoxels(bits.type, columns * rows);
    this.scaled = isScaled ? new Float64Array(columns * rows) : null;
  }

  async read({ pixels, bits, frame, rescale, rows, columns }: StoredSlice): Promise<Voxels> {
    const { bytes, voxels } = this.stored;
    switch (pixels.syntax.pixels) {
      case "native":
        await this.readNative(pixels, frame);
        break;
      case "rle": {
        const compressed = frameOf(await this.whole(pixels), pixels, frame);
        throwIf(decodeRle(compressed, voxelBytes[bits.type], bytes));
        break;
      }
      case "jpeg-lossless": {
        const compressed = frameOf(await this.whole(pixels), pixels, frame);
        throwIf(decodeJpegLossless(compressed, { rows, columns }, voxelBytes[bits.type], bytes));
        break;
      }
    }
    orderBytes(bytes, bits.type, pixels.syntax.littleEndian);
    keepStoredBits(voxels, bits);
    if (this.scaled === null) return voxels;
    const { slope, intercept } = rescale;
    toDoubles(voxels, this.scaled);
    for (let index = 0; index < this.scaled.length; index++) {
      this.scaled[index] = slope * (this.scaled[index] ?? 0) + intercept;
    }
    return this.scaled;
  }

  private async readNative(pixels: StoredPixels, frame: number): Promise<void> {
    const { bytes } = this.stored;
    const from = pixels.offset + frame * bytes.length;
    if (pixels.deflatedFrom !== null) {
      const whole = await this.whole(pixels);
      if (from + bytes.length > whole.length) throw changed();
      bytes.set(whole.subarray(from, from + bytes.length));
      return;
    }
    await withFile(pixels.path, (handle) => fill(handle, bytes, from));
  }

  /** A file from its first byte to its last, or what its deflated data set unpacks to. */
  private async whole({ path, deflatedFrom, frames }: StoredPixels): Promise<Uint8Array> {
    if (this.kept?.path === path) return this.kept.bytes;
    this.kept = null;
    const bytes = await withFile(path, async (handle, length) => {
      const most = mostOfPixels * frames * this.stored.bytes.length + mostInflated;
      if (length > most) throw new UnreadableFile(`it has ${length} bytes, far more than its pixels need`);
      const all = Buffer.alloc(length);
      await fill(handle, all, 0);
      return deflatedFrom === null
        ? all
        : inflateRawSync(all.subarray(deflatedFrom), { maxOutputLength: mostInflated });
    });
    this.kept = { path, bytes };
    return bytes;
  }
}

/** What compressed pixels may take, as often as they themselves do, besides a header. */
const mostOfPixels = 2;

async function withFile<Read>(
  path: string,
  read: (handle: FileHandle, length: number) => Promise<Read>,
): Promise<Read> {
  const { handle, bytes } = await openVolumeFile(path);
  try {
    return await read(handle, bytes);
  } catch (error) {
    throw readable(error);
  } finally {
    await handle.close();
  }
}

async function fill(handle: FileHandle, into: Buffer, from: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, from + filled);
    if (bytesRead === 0) throw changed();
    filled += bytesRead;
  }
}

function changed(): UnreadableFile {
  return new UnreadableFile("it was changed while it was read");
}

const item = 0xfffee000;
const sequenceEnd = 0xfffee0dd;

function throwIf(wrong: string | null): void {
  if (wrong !== null) throw new UnreadableFile(wrong, copyAgain);
}

/** A single frame may be in several items, of which there are not many. */
const mostItems = 4096;

/**
 * The compressed bytes of a frame, in items after one that may say where frames start: an item for each frame, or for a single
 * frame as many as there are.
 */
function frameOf(file: Uint8Array, { offset, frames }: StoredPixels, frame: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts: Uint8Array[] = [];
  let items = 0;
  for (let at = offset; ; items++) {
    if (at + 8 > file.length) throw new UnreadableFile("it is truncated within its compressed pixel data", copyAgain);
    const tag = view.getUint16(at, true) * 2 ** 16 + view.getUint16(at + 2, true);
    if (tag === sequenceEnd) break;
    if (tag !== item) throw new UnreadableFile("its compressed pixel data are damaged", copyAgain);
    const from = at + 8;
    at = from + view.getUint32(at + 4, true);
    if (at > file.length) throw new UnreadableFile("it is truncated within its compressed pixel data", copyAgain);
    const isWanted = items === frame + 1 || (frames === 1 && items > 0 && items <= mostItems);
    if (isWanted) parts.push(file.subarray(from, at));
  }
  const [part] = parts;
  if (part === undefined) throw new UnreadableFile("it has no compressed pixel data", copyAgain);
  if (items - 1 > Math.max(frames, mostItems) || (frames > 1 && items - 1 !== frames)) {
    throw new UnreadableFile(`its compressed pixel data are in ${items - 1} parts for ${frames} frames`);
  }
  return parts.length === 1 ? part : Buffer.concat(parts);
}

/** Clears what else than the pixel is in its memory, as overlays are in old files, and carries the sign up. */
function keepStoredBits(voxels: Voxels, { allocated, stored, high, signed }: PixelBits): void {
  if (stored === allocated || voxels instanceof BigInt64Array || voxels instanceof BigUint64Array) return;
  const left = 31 - high;
  const right = 32 - stored;
  for (let index = 0; index < voxels.length; index++) {
    const raised = (voxels[index] ?? 0) << left;
    voxels[index] = signed ? raised >> right : raised >>> right;
  }
}
