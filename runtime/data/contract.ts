import * as v from "valibot";
import { windowsOf } from "../../compiler/channel-windows.ts";
import { clipTimes, crops, defaultVolume, grids, type VolumeSettings, volumeResizes } from "../../compiler/index.ts";

const pair = v.tuple([v.number(), v.number()]);
const triple = v.tuple([v.number(), v.number(), v.number()]);
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** What the values of volumes mean. */
export const volumeEntries = {
  /** Windows are in Hounsfield units, whatever files hold. */
  units: v.literal("hounsfield"),
  /** Null where the orientation of the volumes was not known. */
  orientation: v.nullable(v.string()),
  axes: v.string(),
  /** Files from before these could be said mean the defaults. */
  crop: v.optional(v.picklist(crops), defaultVolume.crop),
  resize: v.optional(v.picklist(volumeResizes), defaultVolume.resize),
  spacing: triple,
  /** Files from before this could be said mean the default. */
  grid: v.optional(v.picklist(grids), defaultVolume.grid),
  size: triple,
  window: v.array(v.union([v.literal("min_max"), pair])),
  /** When values are clipped to it; files from before this could be said mean the default. */
  clip: v.optional(v.picklist(clipTimes), defaultVolume.clip),
  range: pair,
  pad: v.number(),
} as const;

export type VolumeContract = v.InferOutput<v.ObjectSchema<typeof volumeEntries, undefined>>;

/**
 * The contract of a data set whose volumes are all prepared alike: that of shards, and of adapters before inputs had settings of
 * their own.
 */
export const contractSchema = v.object({
  version: v.literal(1),
  ...volumeEntries,
  /** Tokens of each text, and numbers that they may have; null where a model's texts were not known. */
  texts: v.nullable(v.array(v.object({ length: size, vocabulary: size }))),
});

export type DataContract = v.InferOutput<typeof contractSchema>;

/** What volumes mean that are prepared by some settings; `orientation` is that of what the network sees, where it is known. */
export function volumeContractOf(settings: VolumeSettings, orientation: string | null): VolumeContract {
  const { axes, crop, resize, spacing, grid, size: voxels, clip, range, pad } = settings;
  return {
    units: "hounsfield",
    orientation,
    axes,
    crop,
    resize,
    spacing: [...spacing],
    grid,
    size: [...voxels],
    window: windowsOf(settings).map((window) => (window === "min_max" ? window : [window[0], window[1]])),
    clip,
    range: [...range],
    pad,
  };
}

/** The contract of a `data` block, without a model. */
export function contractOf(settings: VolumeSettings, orientation: string | null): DataContract {
  return { version: 1, ...volumeContractOf(settings, orientation), texts: null };
}

/** A part of two contracts that differs. */
export interface ContractDifference {
  readonly field: string;
  readonly recorded: string;
  readonly now: string;
}

/** In what the volumes of two contracts differ, field by field. An orientation that one of them does not know does not differ. */
export function contractDifferences(recorded: VolumeContract, now: VolumeContract): readonly ContractDifference[] {
  const place = ["orientation", "axes", "crop", "resize", "spacing", "grid", "size"] as const;
  const fields = [...place, "window", "clip", "range", "pad"] as const;
  return fields.flatMap((field) => {
    const [before, after] = [recorded[field], now[field]];
    if (before === null || after === null) return [];
    const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
    return was === is ? [] : [{ field, recorded: was, now: is }];
  });
}
