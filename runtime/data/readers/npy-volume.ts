import { crc32 } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quotedList } from "../quoted.ts";
import { longestNpyHeader, type NpyArray, npyHeaderLength, npyStart, parseNpyArray, widened } from "./npy.ts";
import { arraysIn, type StoredArray } from "./npz.ts";
import type { Begin, Faults, ReadSlices, VolumeHeader } from "./volume.ts";
import { UnreadableFile, VolumeBytes } from "./volume-bytes.ts";
import { volumeSizeFaults } from "./volume-size.ts";
import { countNotFinite, makeVoxels, notFiniteRule, orderBytes, type VoxelType, voxelBytes } from "./voxels.ts";

/** NumPy's types of one number, by their descriptions without byte order; 16-bit floats become 32-bit ones. */
const types: ReadonlyMap<string, VoxelType | "float16"> = new Map<string, VoxelType | "float16">([
  ["b1", "uint8"],
  ["i1", "int8"],
  ["u1", "uint8"],
  ["i2", "int16"],
  ["u2", "uint16"],
  ["i4", "int32"],
  ["u4", "uint32"],
  ["i8", "int64"],
  ["u8", "uint64"],
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
]);

/** Arrays of an archive whose headers are read to find the one that is a volume. */
const mostArrays = 16;

/**
 * Reads a volume from a NumPy file, an array `[slices, rows, columns]`, or from the only such array of an archive of them (`.npz`), as
 * readSlices does. Nothing of it is unpickled: arrays of Python objects are refused. Memory is that of a slice and a few MiB, whatever
 * the file says.
 */
export async function readNpySlices<Made>(path: string, begin: Begin<Made>): Promise<Result<ReadSlices<Made>, Faults>> {
  try {
    const array = await volumeArray(path);
    return await withBytes(array, (bytes) => slicesOf(bytes, array, begin));
  } catch (error) {
    if (error instanceof UnreadableFile) return failed([error.fault]);
    throw error;
  }
}

/** The array of a file that is a volume. Throws an UnreadableFile where there is none, or more than one. */
async function volumeArray(path: string): Promise<StoredArray> {
  const arrays = await arraysIn(path);
  const [first, ...others] = arrays;
  if (first !== undefined && others.length === 0) return first;
  if (first === undefined) throw new UnreadableFile("it has no array", oneArray);
  if (arrays.length > mostArrays) throw new UnreadableFile(`it has ${arrays.length} arrays`, oneArray);
  const volumes: StoredArray[] = [];
  for (const array of arrays) {
    const header = await withBytes(array, readHeader);
    if (header.kind === "ok" && volumeHeader(header.value.array).kind === "ok") volumes.push(array);
  }
  const [only, another] = volumes;
  if (only !== undefined && another === undefined) return only;
  const message =
    only === undefined
      ? `none of its arrays ${namesOf(arrays)} is a volume`
      : `${volumes.length} of its arrays could be the volume: ${namesOf(volumes)}`;
  throw new UnreadableFile(message, oneArray);
}

function namesOf(arrays: readonly StoredArray[]): string {
  return quotedList(
    arrays.map(({ name }) => name ?? ""),
    mostArrays,
  );
}

const oneArray =
  "Write the volume's array [slices, rows, columns] into a file of its own, with numpy.savez_compressed.";

async function withBytes<Value>(
  { file, packing }: StoredArray,
  use: (bytes: VolumeBytes) => Promise<Value>,
): Promise<Value> {
  const bytes = await VolumeBytes.open(file, packing);
  try {
    return await use(bytes);
  } finally {
    await bytes.close();
  }
}

/** A header, with the bytes that it was read from. */
interface ReadHeader {
  readonly array: NpyArray;
  readonly bytes: Uint8Array;
}

async function readHeader(bytes: VolumeBytes): Promise<Result<ReadHeader, Fault>> {
  const start = new Uint8Array(npyStart);
  const found = start.subarray(0, await bytes.read(start));
  const length = npyHeaderLength(found);
  if (length.kind === "failed") return length;
  const header = new Uint8Array(Math.min(length.value.headerBytes, longestNpyHeader));
  header.set(start.subarray(0, header.length));
  const rest = header.subarray(npyStart);
  const read = header.subarray(0, Math.min(header.length, npyStart) + (await bytes.read(rest)));
  const parsed = parseNpyArray(read);
  return parsed.kind === "failed" ? parsed : ok({ array: parsed.value, bytes: read });
}

/** How the voxels of an array are stored. */
interface StoredVoxels {
  readonly header: VolumeHeader;
  readonly isHalf: boolean;
  readonly littleEndian: boolean;
  /** Bytes of a voxel in the file. */
  readonly bytesEach: number;
}

function volumeHeader({ type: written, shape }: NpyArray): Result<StoredVoxels, Faults> {
  const [, order = "", kind = ""] = /^'([<>|=])(\w+)'$/.exec(written) ?? [];
  const stored = types.get(kind);
  if (stored === undefined) {
    const help = "A volume has one whole number or float for each voxel.";
    return failed([fault(isObjects(written) ? objects : `its values are of type ${written}, not numbers`, help)]);
  }
  const [z, y, x, ...others] = shape;
  if (z === undefined || y === undefined || x === undefined || others.length > 0) {
    const shown = shape.length === 0 ? "no axes" : `${shape.length} (${shape.join(" x ")})`;
    return failed([fault(`a volume has 3 axes, [slices, rows, columns], and it has ${shown}`)]);
  }
  if (shape.includes(0)) return failed([fault(`its ${shape.join(" x ")} voxels are none`)]);
  const type = stored === "float16" ? "float32" : stored;
  const [first, ...more] = volumeSizeFaults([x, y, z], voxelBytes[type]);
  if (first !== undefined) return failed([first, ...more]);
  const header: VolumeHeader = {
    type,
    sizes: [x, y, z],
    slope: 1,
    intercept: 0,
    units: "stored",
    affine: null,
    noAffine: "a NumPy array states none",
  };
  const isHalf = stored === "float16";
  return ok({ header, isHalf, littleEndian: order !== ">", bytesEach: isHalf ? 2 : voxelBytes[type] });
}

const objects = "its values are Python objects, which would have to be unpickled";

function isObjects(type: string): boolean {
  return /^'\|?O/.test(type);
}

async function slicesOf<Made>(
  bytes: VolumeBytes,
  { bytes: wholeBytes, checksum }: StoredArray,
  begin: Begin<Made>,
): Promise<Result<ReadSlices<Made>, Faults>> {
  const read = await readHeader(bytes);
  if (read.kind === "failed") return failed([read.problem]);
  const { array } = read.value;
  const stored = volumeHeader(array);
  if (stored.kind === "failed") return stored;
  const { header, isHalf, littleEndian, bytesEach } = stored.value;
  const [x, y, z] = header.sizes;
  const needed = array.headerBytes + x * y * z * bytesEach;
  if (wholeBytes !== needed) {
    const message = `it has ${wholeBytes} bytes, but its ${array.shape.join(" x ")} voxels need ${needed}`;
    return failed([fault(message, wholeBytes < needed ? "Copy or download it again." : null)]);
  }
  const begun = begin(header);
  if (begun.kind === "failed") return failed([begun.problem]);
  const taker = begun.value;
  const slice = makeVoxels(isHalf ? "uint16" : header.type, x * y);
  let found = crc32(read.value.bytes);
  let notFinite = 0;
  for (let index = 0; index < z; index++) {
    if ((await bytes.read(slice.bytes)) < slice.bytes.length) {
      throw new UnreadableFile(
        `it is truncated: it has ${bytes.position} of ${needed} bytes`,
        "Copy or download it again.",
      );
    }
    if (checksum !== null) found = crc32(slice.bytes, found);
    orderBytes(slice.bytes, isHalf ? "uint16" : header.type, littleEndian);
    const voxels = isHalf && slice.voxels instanceof Uint16Array ? widened(slice.voxels) : slice.voxels;
    notFinite += countNotFinite(voxels);
    taker.take(voxels, index);
  }
  if (await bytes.hasMore()) throw new UnreadableFile(`it continues past its ${array.shape.join(" x ")} voxels`);
  if (checksum !== null && found !== checksum) {
    throw new UnreadableFile("its checksum is not that of its content", "Copy or download it again.");
  }
  if (notFinite > 0) throw new UnreadableFile(notFiniteRule(notFinite, x * y * z));
  return ok({ header, result: taker.result, notes: [] });
}
