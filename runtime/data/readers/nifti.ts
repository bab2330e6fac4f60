import { failed, ok, type Result } from "../../text/index.ts";
import type { StoredFile } from "../archive-member.ts";
import { problemOf } from "../problem.ts";
import { headerBytes, type NiftiHeader, parseNiftiHeader, versionOf } from "./nifti-header.ts";
import type { Begin, Faults, ReadSlices } from "./volume.ts";
import { UnreadableFile, VolumeBytes } from "./volume-bytes.ts";
import { countNotFinite, makeVoxels, notFiniteRule, orderBytes, toDoubles, type Voxels, voxelBytes } from "./voxels.ts";

/** A volume as it is stored: voxels with x fastest, then y, then z. */
export interface Volume {
  readonly header: NiftiHeader;
  readonly voxels: Voxels;
}

/**
 * Reads a NIfTI file from its first byte to its last, plain or gzip by its content, and shows its slices to what `begin`
 * makes of its header; `begin` may refuse instead, with a fault. Memory is that of one slice and a few MiB whatever the
 * file holds; no more is unpacked than the header asks for. Refused are files that are cut off, damaged or longer than
 * their header says, everything that parseNiftiHeader refuses, and voxels that are NaN or infinite, for which all slices
 * were shown. Gives everything that is wrong with a header, or else the first thing behind it; never throws for what a file
 * holds or for one that cannot be read.
 */
export async function readNiftiSlices<Made>(
  file: StoredFile,
  begin: Begin<Made, NiftiHeader>,
): Promise<Result<ReadSlices<Made, NiftiHeader>, Faults>> {
  let bytes: VolumeBytes | null = null;
  try {
    bytes = await VolumeBytes.open(file);
    return await slicesOf(bytes, begin);
  } catch (error) {
    if (error instanceof UnreadableFile) return failed([error.fault]);
    throw error;
  } finally {
    await bytes?.close();
  }
}

async function slicesOf<Made>(
  bytes: VolumeBytes,
  begin: Begin<Made, NiftiHeader>,
): Promise<Result<ReadSlices<Made, NiftiHeader>, Faults>> {
  const parsed = parseNiftiHeader(await readHeader(bytes));
  if (parsed.kind === "failed") return parsed;
  const header = parsed.value;
  const [x, y, z] = header.sizes;
  const neededBytes = header.dataOffset + x * y * z * voxelBytes[header.type];
  if (!bytes.isPacked) checkLength(bytes.storedBytes, neededBytes, header);
  const begun = begin(header);
  if (begun.kind === "failed") return failed([begun.problem]);
  const taker = begun.value;

  const between = new Uint8Array(header.dataOffset - bytes.position);
  if ((await bytes.read(between)) < between.length) checkLength(bytes.position, neededBytes, header);
  const slice = makeVoxels(header.type, x * y);
  let notFinite = 0;
  for (let index = 0; index < z; index++) {
    if ((await bytes.read(slice.bytes)) < slice.bytes.length) checkLength(bytes.position, neededBytes, header);
    orderBytes(slice.bytes, header.type, header.littleEndian);
    notFinite += countNotFinite(slice.voxels);
    taker.take(slice.voxels, index);
  }
  if (await bytes.hasMore()) throw new UnreadableFile(`it continues past its ${x} x ${y} x ${z} voxels`);
  const behind = await bytes.bytesBehindData();
  if (behind > 0) throw new UnreadableFile(`${behind} unknown bytes follow its gzip data`);
  if (notFinite > 0) throw new UnreadableFile(notFiniteRule(notFinite, x * y * z));
  return ok({ header, result: taker.result, notes: [] });
}

async function readHeader(bytes: VolumeBytes): Promise<Uint8Array> {
  const start = new Uint8Array(4);
  const read = await bytes.read(start);
  const version = versionOf(start.subarray(0, read));
  if (version === null) return start.subarray(0, read);
  const header = new Uint8Array(headerBytes[version.number]);
  header.set(start);
  return header.subarray(0, 4 + (await bytes.read(header.subarray(4))));
}

function checkLength(found: number, needed: number, { dataOffset, sizes }: NiftiHeader): void {
  if (found <= dataOffset && found < needed) {
    throw new UnreadableFile(`it ends at byte ${found}, but its voxels start at ${dataOffset}`);
  }
  if (found < needed)
    throw new UnreadableFile(`it is truncated: it has ${found} of ${needed} bytes`, "Copy or download it again.");
  if (found > needed) throw new UnreadableFile(`${found - needed} bytes follow its ${sizes.join(" x ")} voxels`);
}

/** Reads a whole volume into memory, as it is stored; what is refused and how is readNiftiSlices'. */
export async function readVolume(path: string): Promise<Result<Volume>> {
  const read = await readNiftiSlices(path, ({ type, sizes: [x, y, z] }) => {
    const { bytes, voxels } = makeVoxels(type, x * y * z);
    const take = (slice: Voxels, index: number): void =>
      bytes.set(new Uint8Array(slice.buffer), index * slice.byteLength);
    return ok({ take, result: voxels });
  });
  if (read.kind === "failed") return failed(problemOf(path, read.problem[0]));
  return ok({ header: read.value.header, voxels: read.value.result });
}

/** A volume's values with its header's own scaling, as nibabel's `get_fdata` gives them, x fastest. */
export function valuesOf({ header: { slope, intercept }, voxels }: Volume): Float64Array {
  const values = new Float64Array(voxels.length);
  toDoubles(voxels, values);
  return values.map((value) => value * slope + intercept);
}
