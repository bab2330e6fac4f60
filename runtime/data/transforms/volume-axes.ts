import type { VolumeSettings } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { asStored, type ByAxis, reordering, type TakenAxis } from "../orientation.ts";
import { type Fault, fault } from "../problem.ts";
import type { VolumeHeader } from "../readers/index.ts";
import { spacingAsStored, storedPlace } from "../stored-place.ts";
import { type Extent, resampleAxis } from "./resample.ts";
import type { Axes, PlannedAxis } from "./slice-resampler.ts";
import type { VolumeMetadata } from "./transform.ts";

/** Where a volume's axes are taken from, and how far apart its voxels are along the stored ones; null where that does not matter. */
interface Taken {
  readonly axes: ByAxis<TakenAxis>;
  readonly spacing: ByAxis<number> | null;
}

function takenFrom(header: VolumeHeader, metadata: VolumeMetadata, settings: VolumeSettings): Result<Taken, Fault> {
  const { orientation, assumeOrientation } = settings;
  const spaced = (axes: ByAxis<TakenAxis>, stated: ByAxis<number> | null): Result<Taken, Fault> => {
    if (settings.resize === "squash") return ok({ axes, spacing: null });
    const spacing = stated ?? assumedSpacing(settings, axes);
    return spacing === null ? noSpacing : ok({ axes, spacing });
  };
  if (orientation === null) return spaced(asStored, spacingAsStored(header, metadata));
  const place = storedPlace(header, metadata);
  const stored = place.kind === "known" ? place.orientation : assumeOrientation;
  if (stored === null) {
    const why = place.kind === "unknown" ? `: ${place.why}` : "";
    return failed(fault(`its orientation is unknown, and ${orientation} is needed${why}`, unknownOrientationHelp));
  }
  return spaced(reordering(stored, orientation), place.spacing);
}

/** What is assumed of files that state no spacing, along the stored axes; null where nothing is. */
function assumedSpacing(
  { assumeSpacing, axes: order }: VolumeSettings,
  taken: ByAxis<TakenAxis>,
): ByAxis<number> | null {
  if (assumeSpacing === null) return null;
  const stored: [number, number, number] = [0, 0, 0];
  for (const [place, letter] of [...order].entries()) {
    stored[at(taken, "xyz".indexOf(letter)).from] = at(assumeSpacing, place);
  }
  return stored;
}

const unknownOrientationHelp =
  "Say how such files are stored with `assume_orientation` in the `data` block, or correct the file's header.";
const noSpacing = failed(
  fault(
    "neither a table nor its header states its spacing",
    "Add it to the metadata table, or say it with `assume_spacing` in the `data` block.",
  ),
);

/** The plan of each of the network's axes, of the part of each stored one that is kept. With CT-CLIP's order, height is x and width is y. */
export function planAxes(
  header: VolumeHeader,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
  kept: ByAxis<Extent> | null,
): Result<Axes, Fault> {
  const taken = takenFrom(header, metadata, settings);
  if (taken.kind === "failed") return taken;
  const { axes, spacing } = taken.value;
  const grid = settings.resize === "squash" ? "squash" : settings.grid;
  const planned: PlannedAxis[] = [];
  for (const [place, letter] of [...settings.axes].entries()) {
    const { from, flipped } = at(axes, "xyz".indexOf(letter));
    const [first, last] = kept === null ? [0, at(header.sizes, from)] : kept[from];
    const target = at(settings.spacing, place);
    const [length, mm] = [last - first, spacing?.[from] ?? target];
    const size = at(settings.size, place);
    const axis = resampleAxis({ from: first, length, spacing: mm, target, size, grid }, flipped);
    if (axis.kind === "failed") return nonsense(length, at(storedNames, from), mm, target, axis.problem);
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
