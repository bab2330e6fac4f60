import { volumeShape, windowsOf } from "../../compiler/channel-windows.ts";
import type { ImageSettings, VolumeSettings } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { ok } from "../text/index.ts";
import { isRawVolume, type StoredFile } from "./archive-member.ts";
import { augmentLabels, augmentVolume, type VolumeGrid } from "./augment/index.ts";
import { readEntry, writeEntry } from "./cache.ts";
import { cacheEntry, labelSettings } from "./cache-entry.ts";
import { loadImage } from "./load-image.ts";
import { loadPacked } from "./load-packed.ts";
import { preprocessVolume } from "./preprocess.ts";
import { preprocessLabels } from "./preprocess-labels.ts";
import { type PackedVolume, unpack, type VolumeMetadata } from "./transforms/index.ts";
import type { LoaderSettings, Preparation, VolumeRequest, VolumeResult } from "./volume-messages.ts";

interface Loading {
  readonly result: VolumeResult;
  /** Why a volume could not be kept. */
  readonly uncached: string | null;
}

/**
 * A volume or a label map from the cache, or read, preprocessed and put there; or a picture, which takes no longer to read than an entry
 * of the cache. What cannot be kept is given all the same, with the reason. Voxels are in `used` where that is memory of their size.
 */
export async function loadVolume(
  request: VolumeRequest,
  { cache }: LoaderSettings,
  used: ArrayBuffer | null = null,
): Promise<Loading> {
  const { path, metadata, prepare, member } = request;
  if (prepare.kind === "image") return loadPicture(request, prepare.settings);
  if (member !== undefined && !isRawVolume(member)) {
    if (prepare.kind === "segmentation") throw new Error("invariant: label maps are not preprocessed before");
    const packed = loadPacked(member, volumeShape(prepare.settings));
    const result = packed.kind === "ok" ? ok({ voxels: packed.value, from: "file" as const }) : packed;
    return { result, uncached: null };
  }
  if (metadata === null) throw new Error("invariant: a volume that is not preprocessed has metadata");
  const file = member ?? path;
  const settings = prepare.kind === "volume" ? prepare.settings : labelSettings(prepare.settings);
  const entry = cache === null ? null : cacheEntry(file, metadata, prepare);
  const kept = cache === null || entry === null ? null : readEntry(cache.folder, entry.key, settings, used);
  if (kept !== null) return { result: loaded(kept, "cache"), uncached: null };
  const packed = await preprocess(file, metadata, prepare, used);
  if (packed.kind === "failed") return { result: packed, uncached: null };
  let uncached: string | null = null;
  // Content that another program was just changing has no entry.
  if (cache !== null && entry?.isSettled === true && entry.state === cacheEntry(file, metadata, prepare)?.state) {
    try {
      writeEntry(cache, entry.key, packed.value);
    } catch (error) {
      uncached = error instanceof Error ? error.message : String(error);
    }
  }
  return { result: loaded(packed.value, "file"), uncached };

  function loaded(volume: PackedVolume, from: "file" | "cache"): VolumeResult {
    return ok({ voxels: unpack(volume, settings, used), from });
  }
}

function preprocess(
  file: StoredFile,
  metadata: VolumeMetadata,
  prepare: Exclude<Preparation, { readonly kind: "image" }>,
  used: ArrayBuffer | null,
): ReturnType<typeof preprocessVolume> {
  const { kind, settings } = prepare;
  return kind === "volume"
    ? preprocessVolume(file, metadata, settings, used)
    : preprocessLabels(file, { file: prepare.volume, metadata, settings });
}

/** What `loadVolume` has, changed at random where the request asks for that, and labels as the channels that are asked for. */
export async function loadAugmented(
  request: VolumeRequest,
  settings: LoaderSettings,
  used: ArrayBuffer | null = null,
): Promise<Loading> {
  const { prepare, augment = null } = request;
  const loading = await loadVolume(request, settings, used);
  if (loading.result.kind === "failed") return loading;
  const { voxels, from } = loading.result.value;
  return { ...loading, result: ok({ voxels: channels(changed()), from }) };

  function changed(): Float32Array<ArrayBuffer> {
    if (augment === null) return voxels;
    const change = prepare.kind === "segmentation" ? augmentLabels : augmentVolume;
    return change(voxels, gridOf(prepare), augment.operations, augment.draw);
  }

  function channels(values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
    return prepare.kind !== "segmentation" || prepare.labels === null ? values : channelOfEach(prepare.labels, values);
  }
}

/** 1 where a voxel has a label and 0 elsewhere, a channel for each label. */
function channelOfEach(labels: readonly number[], voxels: Float32Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(labels.length * voxels.length);
  for (const [channel, label] of labels.entries()) {
    const from = channel * voxels.length;
    for (let index = 0; index < voxels.length; index++) if (voxels[index] === label) values[from + index] = 1;
  }
  return values;
}

async function loadPicture({ path, member }: VolumeRequest, settings: ImageSettings): Promise<Loading> {
  const loaded = await loadImage({ path, member: member ?? null }, settings);
  return { result: loaded.kind === "failed" ? loaded : ok({ voxels: loaded.value, from: "file" }), uncached: null };
}

/** What decides on the meaning of prepared values. */
type Prepared =
  | { readonly kind: "image"; readonly settings: ImageSettings }
  | { readonly kind: "volume" | "segmentation"; readonly settings: VolumeSettings };

/** What prepared values mean. */
export function gridOf({ kind, settings }: Prepared): VolumeGrid {
  switch (kind) {
    case "image": {
      const { size, mean, std } = settings;
      // Black lies outside of a picture.
      const channels = mean.map((middle, channel) => {
        const [black, white] = [-middle / at(std, channel), (1 - middle) / at(std, channel)];
        return { range: [black, white] as const, window: null, padding: black };
      });
      return { sizes: [1, ...size], spacing: [1, 1, 1], channels };
    }
    case "volume": {
      const { size, spacing, range, pad } = settings;
      const channels = windowsOf(settings).map((window) => ({
        range,
        window: window === "min_max" ? null : window,
        padding: pad,
      }));
      return { sizes: size, spacing, channels };
    }
    case "segmentation":
      return {
        sizes: settings.size,
        spacing: settings.spacing,
        channels: [{ range: [0, 0], window: null, padding: 0 }],
      };
  }
}
