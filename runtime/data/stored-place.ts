import { type ByAxis, nearestAxes, voxelSizes } from "./orientation.ts";
import type { VolumeHeader } from "./readers/index.ts";

/** What a data set's tables say of distances; null where there are none. */
export interface TableSpacing {
  readonly xySpacing: number | null;
  readonly zSpacing: number | null;
}

/** Where a volume's stored axes lead and how far apart its voxels are along them, as far as file and tables agree. */
export type StoredPlace =
  | {
      readonly kind: "known";
      /** Three codes, such as `LPS`. */
      readonly orientation: string;
      readonly spacing: ByAxis<number>;
      readonly obliqueDegrees: number;
    }
  | {
      readonly kind: "unknown";
      /** In words, with `its`. */
      readonly why: string;
      /** Null where nothing states it. */
      readonly spacing: ByAxis<number> | null;
    };

/** Distances that differ by no more than this share are the same, but for their digits in a table. */
const sameWithin = 0.01;

/**
 * Holds a header's affine against the metadata table. An affine whose voxel sizes are not the table's, such as the identity
 * that CT-RATE's first release has, was not made for the volume, and its directions mean nothing either. Tables say the spacing
 * of axial slices: where a volume was reordered after they were written, their ZSpacing is that of the axis from foot to head.
 */
export function storedPlace({ affine, noAffine, spacing: ofFile }: VolumeHeader, table: TableSpacing): StoredPlace {
  const ofTable = asAxial(table);
  if (affine === null)
    return { kind: "unknown", why: noAffine ?? "its file does not state it", spacing: ofTable ?? ofFile ?? null };
  const sizes = voxelSizes(affine);
  const { codes: orientation, obliqueDegrees } = nearestAxes(affine);
  const { xySpacing: xy, zSpacing: z } = table;
  if (ofTable === null || xy === null || z === null)
    return { kind: "known", orientation, spacing: sizes, obliqueDegrees };
  const along = (axis: number): number => ("IS".includes(orientation.charAt(axis)) ? z : xy);
  for (const spacing of [ofTable, [along(0), along(1), along(2)] as const])
    if (agree(spacing, sizes)) return { kind: "known", orientation, spacing, obliqueDegrees };
  const why = `its header has voxels of ${millimetres(sizes)}, but the metadata table of ${millimetres(ofTable)}`;
  return { kind: "unknown", why, spacing: ofTable };
}

/** The spacing of a volume that is taken as it is stored: the table's where there is one, and otherwise its file's. */
export function spacingAsStored(header: VolumeHeader, table: TableSpacing): ByAxis<number> | null {
  return asAxial(table) ?? (header.affine === null ? (header.spacing ?? null) : voxelSizes(header.affine));
}

function asAxial({ xySpacing: xy, zSpacing: z }: TableSpacing): ByAxis<number> | null {
  return xy === null || z === null ? null : [xy, xy, z];
}

function agree(one: ByAxis<number>, other: ByAxis<number>): boolean {
  return one.every((mm, axis) => Math.abs((other[axis] ?? 0) - mm) <= sameWithin * mm);
}

function millimetres(spacing: ByAxis<number>): string {
  return `${spacing.map((mm) => Number(mm.toPrecision(4))).join(" x ")} mm`;
}
