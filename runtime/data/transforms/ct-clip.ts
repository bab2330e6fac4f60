import { type VolumeSettings, windowsOf } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { asStored, type ByAxis, reordering, type TakenAxis } from "../orientation.ts";
import { type Fault, fault } from "../problem.ts";
import type { VolumeHeader } from "../readers/index.ts";
import { spacingAsStored, storedPlace } from "../stored-place.ts";
import { scalingOf } from "../units.ts";
import { windowSlices } from "./hounsfield.ts";
import { resampleAxis } from "./resample.ts";
import { type Axes, type PlannedAxis, SliceResampler } from "./slice-resampler.ts";
import { completed, type Transform, type VolumeMetadata } from "./transform.ts";

/**
 * CT-CLIP's preprocessing of a volume, with what it fixes as settings: axes in the spec's orientation, Hounsfield units
 * clipped to a window for each channel, axes to slices, height and width (z, x, y), trilinear resampling from the volume's
 * spacing, the window to the range, the middle kept or padding around it. Only what is kept is computed, in 64-bit floats as
 * there, so that with its own settings the values are CT-CLIP's to the last digit; with `storage` of i16 they are rounded to
 * 1/32767 of the range's half, also where no cache keeps them.
 * From CT-CLIP's scripts/data_inference_nii.py; its order of resampling before dividing by 1000 changes nothing.
 */
export const ctClip: Transform = {
  metadataFaults,
  plan: (header, metadata, given) => {
    const settings = completed(given);
    const axes = planAxes(header, metadata, settings);
    if (axes.kind === "failed") return axes;
    const scaling = scalingOf(header, metadata, settings.units);
    return ok(
      () =>
        new SliceResampler(axes.value, settings, (rectangle) =>
          windowsOf(settings).map((window) => windowSlices(header, scaling, window, settings.range, rectangle)),
        ),
    );
  },
};

/** What is wrong with metadata that a volume cannot be preprocessed with. */
function metadataFaults({ slope, intercept, xySpacing, zSpacing }: VolumeMetadata): readonly Fault[] {
  const wrong = (name: string, value: number | null): Fault =>
    fault(`the metadata give it ${name} of ${value}`, "Correct its row of the metadata.");
  const isDistance = (value: number | null): boolean => value === null || (Number.isFinite(value) && value > 0);
  return [
    ...(Number.isFinite(slope) && slope !== 0 ? [] : [wrong("a RescaleSlope", slope)]),
    ...(Number.isFinite(intercept) ? [] : [wrong("a RescaleIntercept", intercept)]),
    ...(isDistance(xySpacing) ? [] : [wrong("an XYSpacing", xySpacing)]),
    ...(isDistance(zSpacing) ? [] : [wrong("a ZSpacing", zSpacing)]),
  ];
}

/** Where a volume's axes are taken from, and how far apart its voxels are along the stored ones. */
interface Taken {
  readonly axes: ByAxis<TakenAxis>;
  readonly spacing: ByAxis<number>;
}

function takenFrom(header: VolumeHeader, metadata: VolumeMetadata, settings: VolumeSettings): Result<Taken, Fault> {
  const { orientation, assumeOrientation } = settings;
  if (orientation === null) {
    const spacing = spacingAsStored(header, metadata);
    return spacing === null ? noSpacing : ok({ axes: asStored, spacing });
  }
  const place = storedPlace(header, metadata);
  const stored = place.kind === "known" ? place.orientation : assumeOrientation;
  if (stored === null) {
    const why = place.kind === "unknown" ? `: ${place.why}` : "";
    return failed(fault(`its orientation is unknown, and ${orientation} is needed${why}`, unknownOrientationHelp));
  }
  if (place.spacing === null) return noSpacing;
  return ok({ axes: reordering(stored, orientation), spacing: place.spacing });
}

const unknownOrientationHelp =
  "Say how such files are stored with `assume_orientation` in the `data` block, or correct the file's header.";
const noSpacing = failed(fault("neither a table nor its header states its spacing", "Add it to the metadata table."));

/** The plan of each of the network's axes. With CT-CLIP's order, height is x and width is y. */
function planAxes(header: VolumeHeader, metadata: VolumeMetadata, settings: VolumeSettings): Result<Axes, Fault> {
  const taken = takenFrom(header, metadata, settings);
  if (taken.kind === "failed") return taken;
  const { axes, spacing } = taken.value;
  const planned: PlannedAxis[] = [];
  for (const [place, letter] of [...settings.axes].entries()) {
    const { from, flipped } = at(axes, "xyz".indexOf(letter));
    const [count, mm, target] = [at(header.sizes, from), at(spacing, from), at(settings.spacing, place)];
    const axis = resampleAxis(count, mm, target, at(settings.size, place), flipped);
    if (axis.kind === "failed") return nonsense(count, at(storedNames, from), mm, target, axis.problem);
    planned.push({ from, axis: axis.value });
  }
  return ok([at(planned, 0), at(planned, 1), at(planned, 2)] as const);
}

/** What lies along each stored axis. */
const storedNames = ["columns", "rows", "slices"] as const;

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
