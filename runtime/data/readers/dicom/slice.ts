import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import type { VoxelType } from "../voxels.ts";
import { type Attributes, tags } from "./attributes.ts";
import { dot, type Plane, type Vector } from "./geometry.ts";

/** One slice of a file: where it lies and what its pixels are, which stay in the file. */
export interface Slice {
  /** As messages name it. */
  readonly name: string;
  readonly series: string;
  readonly modality: string;
  readonly columns: number;
  readonly rows: number;
  readonly plane: Plane;
  /** What the file says of the distance to the next slice; null where it says nothing. */
  readonly spacing: number | null;
  readonly bits: PixelBits;
  readonly rescale: Rescale;
  /** Counts from 0 in a file of several frames. */
  readonly frame: number;
}

/** A pixel is stored in `allocated` bits, of which `stored` count, up to the bit `high`. */
export interface PixelBits {
  readonly type: VoxelType;
  readonly allocated: number;
  readonly stored: number;
  readonly high: number;
  readonly signed: boolean;
}

/** A pixel's value is slope * stored + intercept. */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
  /** What the values are, `HU` unless the file says otherwise; null where it does not rescale. */
  readonly unit: string | null;
}

const mostFrames = 65_536;
/** How far directions may be from length 1 and from right angles, and how much they lose as rounded text. */
export const directionTolerance = 1e-3;

/** The slices of an image's file, one for each frame. */
export function slicesOf(image: Attributes, name: string): Result<readonly Slice[], Fault> {
  const size = sizeOf(image);
  if (size.kind === "failed") return size;
  const bits = bitsOf(image);
  if (bits.kind === "failed") return bits;
  const frames = image.numbers(tags.numberOfFrames)[0] ?? 1;
  if (!Number.isInteger(frames) || frames < 1 || frames > mostFrames) return wrong(`its NumberOfFrames is ${frames}`);
  const perFrame = image.items(tags.perFrameFunctionalGroups);
  if (frames > 1 && perFrame.length !== frames) {
    const message =
      perFrame.length === 0
        ? `it contains ${frames} frames without their positions`
        : `it contains ${frames} frames, but the positions of ${perFrame.length}`;
    return wrong(message, "Convert it to NIfTI, for example with dcm2niix.");
  }
  const [shared] = image.items(tags.sharedFunctionalGroups);
  const slices: Slice[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const own = perFrame[frame];
    const groupOf = (tag: string): Attributes => own?.items(tag)[0] ?? shared?.items(tag)[0] ?? image;
    const plane = planeOf(groupOf);
    const rescale = rescaleOf(groupOf(tags.pixelValueTransformationSequence));
    const where = frames === 1 ? "" : `frame ${frame + 1}: `;
    if (plane.kind === "failed") return failed({ ...plane.problem, message: `${where}${plane.problem.message}` });
    if (rescale.kind === "failed") return failed({ ...rescale.problem, message: `${where}${rescale.problem.message}` });
    slices.push({
      name: frames === 1 ? quoted(name) : `${quoted(name)}, frame ${frame + 1}`,
      series: image.text(tags.seriesInstance) ?? "",
      modality: image.text(tags.modality) ?? "",
      ...size.value,
      ...plane.value,
      bits: bits.value,
      rescale: rescale.value,
      frame,
    });
  }
  return ok(slices);
}

function sizeOf(image: Attributes): Result<Pick<Slice, "columns" | "rows">, Fault> {
  const rows = image.uint16(tags.rows);
  const columns = image.uint16(tags.columns);
  if (rows === null || rows === 0 || columns === null || columns === 0) {
    return wrong(`its Rows and Columns are ${rows ?? "missing"} and ${columns ?? "missing"}`);
  }
  return ok({ columns, rows });
}

function bitsOf(image: Attributes): Result<PixelBits, Fault> {
  const samples = image.uint16(tags.samplesPerPixel) ?? 1;
  const photometric = image.text(tags.photometricInterpretation) ?? "MONOCHROME2";
  // Values are the same in both kinds; which of them a screen shows as white is not.
  if (samples !== 1 || (photometric !== "MONOCHROME1" && photometric !== "MONOCHROME2")) {
    return wrong(`its pixels are colours (${photometric})`, "A CT volume has one number for each voxel.");
  }
  if (image.items(tags.modalityLookUpSequence).length > 0) return wrong("its values are given by a look-up table");
  const allocated = image.uint16(tags.bitsAllocated) ?? 0;
  const stored = image.uint16(tags.bitsStored) ?? allocated;
  const high = image.uint16(tags.highBit) ?? stored - 1;
  const signed = (image.uint16(tags.pixelRepresentation) ?? 0) === 1;
  const type = voxelTypes.get(allocated)?.[signed ? "signed" : "unsigned"];
  if (type === undefined) return wrong(`its pixels have ${allocated} bits, but 8, 16 or 32 are supported`);
  if (stored < 1 || stored > allocated || high < stored - 1 || high >= allocated) {
    return wrong(`its pixels have ${allocated} bits, of which ${stored} up to bit ${high} cannot be stored`);
  }
  return ok({ type, allocated, stored, high, signed });
}

const voxelTypes: ReadonlyMap<number, { readonly signed: VoxelType; readonly unsigned: VoxelType }> = new Map([
  [8, { signed: "int8", unsigned: "uint8" }],
  [16, { signed: "int16", unsigned: "uint16" }],
  [32, { signed: "int32", unsigned: "uint32" }],
]);

function planeOf(groupOf: (tag: string) => Attributes): Result<Pick<Slice, "plane" | "spacing">, Fault> {
  const measures = groupOf(tags.pixelMeasuresSequence);
  const position = groupOf(tags.planePositionSequence).numbers(tags.imagePosition);
  const orientation = groupOf(tags.planeOrientationSequence).numbers(tags.imageOrientation);
  const pixelSpacing = measures.numbers(tags.pixelSpacing);
  const at = vectorOf(position);
  if (at === null) return wrong(attributeRule("ImagePositionPatient", position, "three numbers are"));
  const along = vectorOf(orientation.slice(0, 3));
  const down = vectorOf(orientation.slice(3));
  if (along === null || down === null) {
    return wrong(attributeRule("ImageOrientationPatient", orientation, "six numbers are"));
  }
  const isSquare = [dot(along, along) - 1, dot(down, down) - 1, dot(along, down)].every(
    (error) => Math.abs(error) <= directionTolerance,
  );
  if (!isSquare) {
    return wrong(attributeRule("ImageOrientationPatient", orientation, "two perpendicular directions of length 1 are"));
  }
  const [rowSpacing, columnSpacing] = pixelSpacing;
  if (!isDistance(rowSpacing) || !isDistance(columnSpacing) || pixelSpacing.length !== 2) {
    return wrong(attributeRule("PixelSpacing", pixelSpacing, "two distances are"));
  }
  const spacing = [tags.spacingBetweenSlices, tags.sliceThickness].map((tag) => measures.numbers(tag)[0]);
  return ok({
    plane: { position: at, along, down, columnSpacing, rowSpacing },
    spacing: spacing.find(isDistance) ?? null,
  });
}

/** Far beyond any patient, and near enough for sums and products of it to be finite. */
const furthestMm = 1e6;

function vectorOf(values: readonly number[]): Vector | null {
  const [x, y, z] = values;
  if (x === undefined || y === undefined || z === undefined || values.length !== 3) return null;
  return values.every((value) => Math.abs(value) <= furthestMm) ? [x, y, z] : null;
}

function isDistance(value: number | undefined): value is number {
  return value !== undefined && value > 0 && value <= furthestMm;
}

function attributeRule(name: string, values: readonly number[], expected: string): string {
  return values.length === 0 ? `it has no ${name}` : `its ${name} is ${values.join(", ")}, but ${expected} expected`;
}

function rescaleOf(group: Attributes): Result<Rescale, Fault> {
  const [slope] = group.numbers(tags.rescaleSlope);
  const [intercept] = group.numbers(tags.rescaleIntercept);
  if (slope === undefined && intercept === undefined) return ok({ slope: 1, intercept: 0, unit: null });
  const unit = group.text(tags.rescaleType) ?? "HU";
  const rescale = { slope: slope ?? 1, intercept: intercept ?? 0, unit };
  if (rescale.slope === 0 || !Number.isFinite(rescale.slope)) return wrong(`its RescaleSlope is ${rescale.slope}`);
  if (!Number.isFinite(rescale.intercept)) return wrong(`its RescaleIntercept is ${rescale.intercept}`);
  return ok(rescale);
}

function wrong(message: string, help: string | null = null): Result<never, Fault> {
  return failed(fault(message, help));
}
