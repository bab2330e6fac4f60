import type { Affine, VolumeHeader } from "./volume.ts";

/** The fields of a NIfTI header that say where its voxels are. */
export interface PlaceFields {
  readonly qformCode: number;
  readonly sformCode: number;
  /** b, c and d of a unit quaternion, and where the first voxel is. */
  readonly quaternion: readonly [b: number, c: number, d: number];
  readonly offset: readonly [x: number, y: number, z: number];
  readonly sform: Affine;
  /** `pixdim`: qfac, and the spacings behind it. */
  readonly spacing: readonly number[];
}

/** Volumes of parallelepipeds below that share of their edges' product are flat. */
const flatBelow = 1e-6;

/**
 * Where voxels are, as nibabel's `get_best_affine` has it: the sform where its code is above 0, else the qform where its code is,
 * else nothing, because spacing alone does not say how the patient lies.
 */
export function placeOf(fields: PlaceFields): Pick<VolumeHeader, "affine" | "noAffine" | "spacing"> {
  const spacing = spacingOf(fields.spacing);
  const without = (noAffine: string) => ({ affine: null, noAffine, ...(spacing === null ? {} : { spacing }) });
  const { sformCode, qformCode } = fields;
  if (sformCode <= 0 && qformCode <= 0) return without("its sform_code and qform_code are 0");
  const name = sformCode > 0 ? "sform" : "qform";
  const affine = sformCode > 0 ? fields.sform : affineOfQform(fields);
  if (affine === null) return without("its qform has no rotation");
  if (!affine.flat().every(Number.isFinite)) return without(`its ${name} contains a number that is not finite`);
  if (isSingular(affine)) return without(`its ${name} is singular`);
  return { affine };
}

/** A positive spacing of each axis, as nibabel repairs signs; null where one is 0. */
function spacingOf([, ...spacing]: readonly number[]): readonly [number, number, number] | null {
  const [x = 0, y = 0, z = 0] = spacing.map(Math.abs);
  return x > 0 && y > 0 && z > 0 ? [x, y, z] : null;
}

/** The rotation of the quaternion times the spacing; null for a quaternion that is longer than 1. */
function affineOfQform({ quaternion: [b, c, d], offset, spacing }: PlaceFields): Affine | null {
  const squares = b * b + c * c + d * d;
  // What nibabel allows for rounding in 32 bits.
  if (!(squares <= 1 + 3 * 2 ** -23)) return null;
  const a = Math.sqrt(Math.max(0, 1 - squares));
  const [qfac = 1] = spacing;
  const [dx = 1, dy = 1, dz = 1] = spacing.slice(1, 4).map((each) => (each === 0 ? 1 : Math.abs(each)));
  const z = qfac < 0 ? -dz : dz;
  return [
    [(a * a + b * b - c * c - d * d) * dx, 2 * (b * c - a * d) * dy, 2 * (b * d + a * c) * z, offset[0]],
    [2 * (b * c + a * d) * dx, (a * a + c * c - b * b - d * d) * dy, 2 * (c * d - a * b) * z, offset[1]],
    [2 * (b * d - a * c) * dx, 2 * (c * d + a * b) * dy, (a * a + d * d - b * b - c * c) * z, offset[2]],
  ];
}

function isSingular([x, y, z]: Affine): boolean {
  const determinant =
    x[0] * (y[1] * z[2] - y[2] * z[1]) - x[1] * (y[0] * z[2] - y[2] * z[0]) + x[2] * (y[0] * z[1] - y[1] * z[0]);
  const edges = Math.hypot(x[0], y[0], z[0]) * Math.hypot(x[1], y[1], z[1]) * Math.hypot(x[2], y[2], z[2]);
  return !(Math.abs(determinant) > flatBelow * edges);
}
