/** Types of voxels that are read. */
export type VoxelType =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

export const voxelBytes: Readonly<Record<VoxelType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

/** Voxels as they are stored, in this machine's byte order. */
export type Voxels =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** Memory for `count` voxels: their bytes, to be filled from a file, and the same as numbers after `orderBytes`. */
export function makeVoxels(type: VoxelType, count: number): { readonly bytes: Buffer; readonly voxels: Voxels } {
  const memory = new ArrayBuffer(count * voxelBytes[type]);
  return { bytes: Buffer.from(memory), voxels: new arrays[type](memory) };
}

const arrays: Readonly<Record<VoxelType, new (memory: ArrayBuffer) => Voxels>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

const machineIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Brings bytes from the file's order to this machine's, in place. */
export function orderBytes(bytes: Buffer, type: VoxelType, littleEndian: boolean): void {
  if (littleEndian === machineIsLittle) return;
  switch (voxelBytes[type]) {
    case 2:
      bytes.swap16();
      return;
    case 4:
      bytes.swap32();
      return;
    case 8:
      bytes.swap64();
      return;
    default:
      return;
  }
}

/** How many voxels are NaN or infinite. */
export function countNotFinite(voxels: Voxels): number {
  if (!(voxels instanceof Float32Array) && !(voxels instanceof Float64Array)) return 0;
  let count = 0;
  for (let index = 0; index < voxels.length; index++) if (!Number.isFinite(voxels[index])) count++;
  return count;
}

/** Why voxels are refused of which some are NaN or infinite. */
export function notFiniteRule(count: number, all: number): string {
  return `${count} of its ${all} voxels ${count === 1 ? "is" : "are"} NaN or infinite`;
}

/** Stored voxels as 64-bit floats, as nibabel converts them, without any scaling. */
export function toDoubles(voxels: Voxels, into: Float64Array): void {
  if (voxels instanceof BigInt64Array || voxels instanceof BigUint64Array) {
    for (let index = 0; index < voxels.length; index++) into[index] = Number(voxels[index]);
  } else into.set(voxels);
}
