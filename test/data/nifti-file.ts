import { gzipSync } from "node:zlib";
import type { VoxelType } from "../../runtime/data/readers/voxels.ts";

/** What a file that tests make says; what is left out makes a sound file. */
export interface NiftiParts {
  readonly version?: 1 | 2;
  readonly littleEndian?: boolean;
  readonly type?: VoxelType;
  readonly datatype?: number;
  readonly sizes?: readonly number[];
  readonly dim?: readonly number[];
  readonly spacing?: readonly number[];
  readonly slope?: number;
  readonly intercept?: number;
  readonly offset?: number;
  readonly magic?: string;
  readonly headerSize?: number;
  /** Three rows of four; makes sform_code 1. */
  readonly sform?: readonly number[];
  /** Stored values in their order; 0, 1, 2, ... when they are left out. */
  readonly values?: readonly number[];
}

const types: Readonly<
  Record<
    VoxelType,
    readonly [code: number, bytes: number, (view: DataView, at: number, value: number, little: boolean) => void]
  >
> = {
  uint8: [2, 1, (view, at, value) => view.setUint8(at, value)],
  int16: [4, 2, (view, at, value, little) => view.setInt16(at, value, little)],
  int32: [8, 4, (view, at, value, little) => view.setInt32(at, value, little)],
  float32: [16, 4, (view, at, value, little) => view.setFloat32(at, value, little)],
  float64: [64, 8, (view, at, value, little) => view.setFloat64(at, value, little)],
  int8: [256, 1, (view, at, value) => view.setInt8(at, value)],
  uint16: [512, 2, (view, at, value, little) => view.setUint16(at, value, little)],
  uint32: [768, 4, (view, at, value, little) => view.setUint32(at, value, little)],
  int64: [1024, 8, (view, at, value, little) => view.setBigInt64(at, BigInt(value), little)],
  uint64: [1280, 8, (view, at, value, little) => view.setBigUint64(at, BigInt(value), little)],
};

/** A NIfTI file, written from the format's description and by no code of the reader's. */
export function niftiFile(parts: NiftiParts = {}): Buffer {
  const { version = 1, littleEndian: little = true, type = "int16", sizes = [4, 3, 2], spacing = [1, 1, 1] } = parts;
  const [code, bytesEach, write] = types[type];
  const dim = parts.dim ?? [sizes.length, ...sizes];
  const least = version === 1 ? 352 : 544;
  const offset = parts.offset ?? least;
  const count = sizes.reduce((product, size) => product * size, 1);
  const start = offset >= least && offset < 1e6 ? Math.trunc(offset) : least;
  const file = Buffer.alloc(start + count * bytesEach);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const slope = parts.slope ?? 1;
  const intercept = parts.intercept ?? 0;
  const datatype = parts.datatype ?? code;
  if (version === 1) {
    view.setInt32(0, parts.headerSize ?? 348, little);
    for (const [axis, size] of dim.entries()) view.setInt16(40 + 2 * axis, size, little);
    view.setInt16(70, datatype, little);
    view.setInt16(72, 8 * bytesEach, little);
    for (const [axis, size] of [1, ...spacing].entries()) view.setFloat32(76 + 4 * axis, size, little);
    view.setFloat32(108, offset, little);
    view.setFloat32(112, slope, little);
    view.setFloat32(116, intercept, little);
    if (parts.sform !== undefined) view.setInt16(254, 1, little);
    for (const [index, value] of (parts.sform ?? []).entries()) view.setFloat32(280 + 4 * index, value, little);
    file.write(parts.magic ?? "n+1\0", 344, "latin1");
  } else {
    view.setInt32(0, parts.headerSize ?? 540, little);
    file.write(parts.magic ?? "n+2\0\r\n\x1a\n", 4, "latin1");
    view.setInt16(12, datatype, little);
    view.setInt16(14, 8 * bytesEach, little);
    for (const [axis, size] of dim.entries()) view.setBigInt64(16 + 8 * axis, BigInt(size), little);
    for (const [axis, size] of [1, ...spacing].entries()) view.setFloat64(104 + 8 * axis, size, little);
    view.setBigInt64(168, BigInt(offset), little);
    view.setFloat64(176, slope, little);
    view.setFloat64(184, intercept, little);
  }
  for (let index = 0; index < count; index++) {
    write(view, start + index * bytesEach, parts.values?.[index] ?? index, little);
  }
  return file;
}

export function gzipped(parts: NiftiParts = {}): Buffer {
  return gzipSync(niftiFile(parts));
}
