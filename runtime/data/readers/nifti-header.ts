import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { type PlaceFields, placeOf } from "./nifti-affine.ts";
import type { Faults, VolumeHeader } from "./volume.ts";
import { volumeSizeFaults } from "./volume-size.ts";
import { type VoxelType, voxelBytes } from "./voxels.ts";

/** What reading needs of a NIfTI header. */
export interface NiftiHeader extends VolumeHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** The byte of the file, unpacked, that the voxels start at. */
  readonly dataOffset: number;
}

/** What the first four bytes say of a header: its length is its version's mark. */
export const headerBytes = { 1: 348, 2: 540 } as const;

/** Extensions between header and voxels hold text; a file that asks for more than this has a broken offset. */
const furthestOffset = 64 * 2 ** 20;
const oneFile = "Write it as one file, for example with nibabel.save(nibabel.load(FILE), 'volume.nii.gz').";

/**
 * Reads a header of NIfTI-1 (348 bytes) or NIfTI-2 (540 bytes) in either byte order, from the first bytes of a file, or
 * says every rule that it breaks. What nibabel repairs while it loads is taken as nibabel takes it: a slope of 0, NaN or
 * infinity means unscaled, and `bitpix` is not looked at. Spacing that is no number says that the header is damaged; zero or
 * negative spacing, which nibabel repairs, does not. See `placeOf` for orientation.
 * The formats: nifti.nimh.nih.gov/nifti-1 and nifti.nimh.nih.gov/nifti-2.
 */
export function parseNiftiHeader(bytes: Uint8Array): Result<NiftiHeader, Faults> {
  const version = versionOf(bytes);
  if (version === null) return wrong(foreignFile(bytes));
  const { number, littleEndian } = version;
  if (bytes.length < headerBytes[number]) {
    return wrong(fault(`it ends after ${bytes.length} bytes of a header of ${headerBytes[number]}`));
  }
  const fields = number === 1 ? fieldsOf1(bytes, littleEndian) : fieldsOf2(bytes, littleEndian);
  const magic = magicFault(number, fields.magic);
  if (magic !== null) return wrong(magic);
  const type = voxelTypes.get(fields.datatype);
  const sizes = sizesOf(fields.dim);
  const slopeGiven = fields.slope !== 0 && Number.isFinite(fields.slope);
  const faults = [
    ...(typeof type === "string" ? [] : [typeFault(fields.datatype, type)]),
    ...(sizes.kind === "ok" ? [] : [sizes.problem]),
    ...(sizes.kind === "ok" && typeof type === "string" ? volumeSizeFaults(sizes.value, voxelBytes[type]) : []),
    ...offsetFaults(number, fields.dataOffset),
    ...spacingFaults(fields.spacing),
    ...(slopeGiven && !Number.isFinite(fields.intercept)
      ? [fault(`its scl_inter is ${fields.intercept}, with a scl_slope of ${fields.slope}`)]
      : []),
  ];
  const [first, ...others] = faults;
  if (first !== undefined) return failed([first, ...others]);
  if (sizes.kind !== "ok" || typeof type !== "string") throw new Error("a header without faults has sizes and a type");
  const scaling = slopeGiven ? { slope: fields.slope, intercept: fields.intercept } : { slope: 1, intercept: 0 };
  const dataOffset = Math.trunc(fields.dataOffset);
  const known = { version: number, littleEndian, type, sizes: sizes.value, dataOffset, units: "stored" } as const;
  return ok({ ...known, ...scaling, ...placeOf(fields) });
}

/** The version and byte order, from the length of the header that a file starts with; null for other files. */
export function versionOf(bytes: Uint8Array): { readonly number: 1 | 2; readonly littleEndian: boolean } | null {
  if (bytes.length < 4) return null;
  const view = viewOf(bytes);
  for (const number of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      if (view.getInt32(0, littleEndian) === headerBytes[number]) return { number, littleEndian };
    }
  }
  return null;
}

interface Fields extends PlaceFields {
  readonly magic: Uint8Array;
  readonly datatype: number;
  readonly dim: readonly number[];
  readonly dataOffset: number;
  readonly slope: number;
  readonly intercept: number;
}

function fieldsOf1(bytes: Uint8Array, little: boolean): Fields {
  const view = viewOf(bytes);
  return {
    magic: bytes.subarray(344, 348),
    dim: eight((index) => view.getInt16(40 + 2 * index, little)),
    datatype: view.getInt16(70, little),
    spacing: eight((index) => view.getFloat32(76 + 4 * index, little)),
    dataOffset: view.getFloat32(108, little),
    slope: view.getFloat32(112, little),
    intercept: view.getFloat32(116, little),
    qformCode: view.getInt16(252, little),
    sformCode: view.getInt16(254, little),
    quaternion: three((index) => view.getFloat32(256 + 4 * index, little)),
    offset: three((index) => view.getFloat32(268 + 4 * index, little)),
    sform: three((row) => four((column) => view.getFloat32(280 + 16 * row + 4 * column, little))),
  };
}

function fieldsOf2(bytes: Uint8Array, little: boolean): Fields {
  const view = viewOf(bytes);
  return {
    magic: bytes.subarray(4, 12),
    datatype: view.getInt16(12, little),
    dim: eight((index) => Number(view.getBigInt64(16 + 8 * index, little))),
    spacing: eight((index) => view.getFloat64(104 + 8 * index, little)),
    dataOffset: Number(view.getBigInt64(168, little)),
    slope: view.getFloat64(176, little),
    intercept: view.getFloat64(184, little),
    qformCode: view.getInt32(344, little),
    sformCode: view.getInt32(348, little),
    quaternion: three((index) => view.getFloat64(352 + 8 * index, little)),
    offset: three((index) => view.getFloat64(376 + 8 * index, little)),
    sform: three((row) => four((column) => view.getFloat64(400 + 32 * row + 8 * column, little))),
  };
}

/** The magic of a file that has header and voxels, or what is wrong with it. NIfTI-2's ends with bytes that show mangled line ends. */
function magicFault(version: 1 | 2, magic: Uint8Array): Fault | null {
  const name = latin1(magic.subarray(0, 3));
  if (name === `ni${version}` && magic[3] === 0) {
    return fault("it is the header of a pair of files (.hdr and .img), without voxels", oneFile);
  }
  if (name !== `n+${version}` || magic[3] !== 0) {
    const found = JSON.stringify(latin1(magic.subarray(0, 4)));
    return fault(`its magic is ${found}, but that of NIfTI-${version} is "n+${version}\\u0000"`);
  }
  const ends =
    version === 1 || latin1(magic.subarray(4)) === "\r\n\u001a\n" || magic.subarray(4).every((byte) => byte === 0);
  return ends ? null : fault("its line endings were changed, as by a transfer in text mode");
}

/** Voxel types by their codes; what is not read is told apart by its name. */
const voxelTypes: ReadonlyMap<number, VoxelType | { readonly name: string }> = new Map<
  number,
  VoxelType | { readonly name: string }
>([
  [1, { name: "single bits" }],
  [2, "uint8"],
  [4, "int16"],
  [8, "int32"],
  [16, "float32"],
  [32, { name: "complex numbers (complex64)" }],
  [64, "float64"],
  [128, { name: "colours (RGB24)" }],
  [256, "int8"],
  [512, "uint16"],
  [768, "uint32"],
  [1024, "int64"],
  [1280, "uint64"],
  [1536, { name: "128-bit floats" }],
  [1792, { name: "complex numbers (complex128)" }],
  [2048, { name: "complex numbers (complex256)" }],
  [2304, { name: "colours (RGBA32)" }],
]);

function typeFault(code: number, type: { readonly name: string } | undefined): Fault {
  if (type === undefined) return fault(`its datatype ${code} is not one of NIfTI's`);
  return fault(
    `its voxels are ${type.name}`,
    "A CT volume has one whole number or 32- or 64-bit float for each voxel.",
  );
}

/** `dim` has the number of axes and then their sizes; axes past the third are fine while they have one voxel. */
function sizesOf([axes = 0, ...all]: readonly number[]): Result<NiftiHeader["sizes"], Fault> {
  const refuse = (message: string, help: string | null = null) => failed(fault(message, help));
  if (axes < 1 || axes > 7) return refuse(`its dim[0] is ${axes}, but NIfTI has 1 to 7 axes`);
  const sizes = all.slice(0, axes);
  const bad = sizes.findIndex((size) => size < 1);
  if (bad >= 0) return refuse(`its dim[${bad + 1}] is ${sizes[bad]}`);
  const [x, y, z, ...others] = sizes;
  if (x === undefined || y === undefined || z === undefined) {
    return refuse(`it has ${axes} ${axes === 1 ? "axis" : "axes"}, but a volume has 3`);
  }
  const volumes = others.reduce((product, size) => product * size, 1);
  if (volumes > 1)
    return refuse(`it contains ${volumes} volumes (dim ${sizes.join(" x ")})`, "Write each as a file of its own.");
  return ok([x, y, z] as const);
}

function offsetFaults(version: 1 | 2, offset: number): readonly Fault[] {
  const least = headerBytes[version] + 4;
  if (!(offset >= least))
    return [fault(`its voxels start at byte ${offset} (vox_offset), within its header of ${least}`)];
  if (offset > furthestOffset) return [fault(`its voxels start at byte ${offset} (vox_offset), which is out of range`)];
  return [];
}

function spacingFaults(spacing: readonly number[]): readonly Fault[] {
  const shown = spacing.slice(1, 4);
  return shown.every(Number.isFinite) ? [] : [fault(`its spacing (pixdim) is ${shown.join(", ")}`)];
}

/** A file that does not start as NIfTI does. */
function foreignFile(bytes: Uint8Array): Fault {
  if (bytes.length < 4) return fault(`it has ${bytes.length} bytes, but a NIfTI header has 348`);
  return fault(
    `it starts with ${viewOf(bytes).getInt32(0, true)}, but a NIfTI file starts with the size of its header, 348 or 540`,
    "Join the image of a pair (.hdr and .img) with its header; convert DICOM to NIfTI.",
  );
}

function wrong(only: Fault): Result<never, Faults> {
  return failed([only]);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function eight(read: (index: number) => number): readonly number[] {
  return Array.from({ length: 8 }, (_, index) => read(index));
}

function three<Value>(read: (index: number) => Value): readonly [Value, Value, Value] {
  return [read(0), read(1), read(2)];
}

function four(read: (index: number) => number): readonly [number, number, number, number] {
  return [read(0), read(1), read(2), read(3)];
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
