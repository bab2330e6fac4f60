import type { VolumeSettings } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { storedPath } from "./archive-member.ts";
import type { ReadVolume } from "./examine-volumes.ts";
import { spacingAsStored, storedPlace } from "./stored-place.ts";

/** A number of each volume, and which volumes have the least and the most. */
export interface Measures {
  readonly values: readonly number[];
  readonly least: Measure;
  readonly most: Measure;
}

export interface Measure {
  readonly value: number;
  readonly file: string;
}

/** What the headers of volumes say, along each axis as it is stored: columns, rows, slices. */
export interface HeaderSurvey {
  /** Voxels. */
  readonly sizes: readonly Measures[];
  /** Millimetres; nothing where no volume states them. */
  readonly spacing: readonly Measures[];
  /** Volumes by the orientation that they are stored in, the most frequent first; null of those that state none. */
  readonly orientations: readonly (readonly [codes: string | null, volumes: number])[];
}

/** Null where no header could be read. */
export function surveyHeaders(
  volumes: readonly ReadVolume[],
  { orientation }: Pick<VolumeSettings, "orientation">,
): HeaderSurvey | null {
  const sizes = [0, 1, 2].map((): Measure[] => []);
  const spacing = [0, 1, 2].map((): Measure[] => []);
  const orientations = new Map<string | null, number>();
  for (const { file, header, metadata } of volumes) {
    const place = storedPlace(header, metadata);
    const codes = place.kind === "known" ? place.orientation : null;
    orientations.set(codes, (orientations.get(codes) ?? 0) + 1);
    const distances = orientation === null ? spacingAsStored(header, metadata) : place.spacing;
    for (const axis of [0, 1, 2] as const) {
      at(sizes, axis).push({ value: header.sizes[axis], file: storedPath(file) });
      if (distances !== null) at(spacing, axis).push({ value: distances[axis], file: storedPath(file) });
    }
  }
  if (volumes.length === 0) return null;
  return {
    sizes: sizes.flatMap(measuresOf),
    spacing: spacing.flatMap(measuresOf),
    orientations: [...orientations].toSorted(([, a], [, b]) => b - a),
  };
}

function measuresOf(found: readonly Measure[]): readonly Measures[] {
  const finite = found.filter(({ value }) => Number.isFinite(value));
  const [first] = finite;
  if (first === undefined) return [];
  let [least, most] = [first, first];
  for (const each of finite) {
    if (each.value < least.value) least = each;
    if (each.value > most.value) most = each;
  }
  return [{ values: finite.map(({ value }) => value), least, most }];
}
