import { type ChannelWindow, windowsOf } from "../../../compiler/channel-windows.ts";
import type { Interval } from "../../../compiler/index.ts";
import { ok } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { scalingOf } from "../units.ts";
import { windowSlices } from "./hounsfield.ts";
import { SliceResampler } from "./slice-resampler.ts";
import type { Transform, VolumeMetadata } from "./transform.ts";
import { planAxes } from "./volume-axes.ts";

/**
 * CT-CLIP's preprocessing of a volume, with what it fixes as settings: axes in the spec's orientation, Hounsfield units
 * clipped to a window for each channel, before resampling or after, axes to slices, height and width (z, x, y), trilinear
 * resampling from the volume's spacing, the window to the range, the middle kept or padding around it. Only what is kept is computed, in 64-bit floats as
 * there, so that with its own settings the values are CT-CLIP's to the last digit; with `storage` of i16 they are rounded to
 * 1/32767 of the range's half, also where no cache keeps them.
 * From CT-CLIP's scripts/data_inference_nii.py; its order of resampling before dividing by 1000 changes nothing.
 */
export const windowedResampling: Transform = {
  metadataFaults,
  plan: (header, metadata, settings, surveyed) => {
    const foreground = settings.crop === "foreground" ? (surveyed?.foreground ?? null) : null;
    const axes = planAxes(header, metadata, settings, foreground);
    if (axes.kind === "failed") return axes;
    const scaling = scalingOf(header, metadata, settings.units);
    const intervalOf = (window: ChannelWindow): Interval => {
      if (window !== "min_max") return window;
      if (surveyed === null) throw new Error("invariant: what was not surveyed is not started");
      return surveyed.values;
    };
    return ok(
      (used) =>
        new SliceResampler(
          axes.value,
          settings,
          (rectangle) =>
            windowsOf(settings).map((window) =>
              windowSlices(header, scaling, intervalOf(window), settings.range, settings.clip, rectangle),
            ),
          used,
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
