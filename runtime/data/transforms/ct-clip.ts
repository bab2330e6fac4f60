import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import type { VolumeHeader } from "../readers/index.ts";
import { windowSlices } from "./hounsfield.ts";
import { resampleAxis } from "./resample.ts";
import { type Axes, SliceResampler } from "./slice-resampler.ts";
import type { Transform, TransformSettings, VolumeMetadata } from "./transform.ts";

/**
 * CT-CLIP's preprocessing of a volume: Hounsfield units from the metadata's slope and intercept, clipped to the window, axes
 * to slices, height and width (z, x, y), trilinear resampling from the metadata's spacing, the window to -1..1, the middle
 * kept or -1 around it. Only what is kept is computed, in 64-bit floats as there, so
 * that the values are CT-CLIP's to the last digit; with `storage` of i16 they are rounded to 1/32767, also where no cache
 * keeps them.
 * From CT-CLIP's scripts/data_inference_nii.py; its order of resampling before dividing by 1000 changes nothing.
 */
export const ctClip: Transform = {
  metadataFaults,
  plan: (header, metadata, settings) => {
    const axes = planAxes(header, metadata, settings);
    if (axes.kind === "failed") return axes;
    const { storage, window } = settings;
    return ok(
      () => new SliceResampler(axes.value, storage, (rectangle) => windowSlices(header, metadata, window, rectangle)),
    );
  },
};

/** What is wrong with metadata that a volume cannot be preprocessed with. */
function metadataFaults({ slope, intercept, xySpacing, zSpacing }: VolumeMetadata): readonly Fault[] {
  const wrong = (name: string, value: number): Fault =>
    fault(`the metadata give it ${name} of ${value}`, "Correct its row of the metadata.");
  return [
    ...(Number.isFinite(slope) && slope !== 0 ? [] : [wrong("a RescaleSlope", slope)]),
    ...(Number.isFinite(intercept) ? [] : [wrong("a RescaleIntercept", intercept)]),
    ...(Number.isFinite(xySpacing) && xySpacing > 0 ? [] : [wrong("an XYSpacing", xySpacing)]),
    ...(Number.isFinite(zSpacing) && zSpacing > 0 ? [] : [wrong("a ZSpacing", zSpacing)]),
  ];
}

/** The plan of each axis. Height is x and width is y, as CT-CLIP has them. */
function planAxes(
  { sizes: [x, y, z] }: VolumeHeader,
  { xySpacing, zSpacing }: VolumeMetadata,
  { spacing, size }: TransformSettings,
): Result<Axes, Fault> {
  const slices = resampleAxis(z, zSpacing, spacing[0], size[0]);
  if (slices.kind === "failed") return nonsense(z, "slices", zSpacing, spacing[0], slices.problem);
  const height = resampleAxis(x, xySpacing, spacing[1], size[1]);
  if (height.kind === "failed") return nonsense(x, "columns", xySpacing, spacing[1], height.problem);
  const width = resampleAxis(y, xySpacing, spacing[2], size[2]);
  if (width.kind === "failed") return nonsense(y, "rows", xySpacing, spacing[2], width.problem);
  return ok([slices.value, height.value, width.value] as const);
}

function nonsense(
  count: number,
  name: string,
  spacing: number,
  target: number,
  resampled: number,
): Result<never, Fault> {
  const message = `${count} ${name} of ${spacing} mm, as the metadata say, would become ${resampled} of ${target} mm`;
  return failed(fault(message, "Compare its size with its spacing in the metadata."));
}
