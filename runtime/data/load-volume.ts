import { type ImageSettings, windowsOf } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { ok } from "../text/index.ts";
import { isRawVolume, type StoredFile } from "./archive-member.ts";
import { augmentVolume, type VolumeGrid } from "./augment/index.ts";
import { cacheKey, type FileState, fileState, isSettled, readEntry, writeEntry } from "./cache.ts";
import { loadImage } from "./load-image.ts";
import { loadPacked } from "./load-packed.ts";
import { preprocessVolume } from "./preprocess.ts";
import { completed, type PackedVolume, unpack, type VolumeSettings, volumeShape } from "./transforms/index.ts";
import type { LoaderSettings, VolumeRequest, VolumeResult } from "./volume-messages.ts";

/**
 * A volume from the cache, or read, preprocessed and put there. What cannot be kept is given all the same, with the reason.
 */
export async function loadVolume(
  { path, metadata, storage, member }: VolumeRequest,
  { settings: shared, cache }: LoaderSettings,
): Promise<{ readonly result: VolumeResult; readonly uncached: string | null }> {
  const settings = { ...shared, storage };
  if (member !== undefined && !isRawVolume(member)) {
    const packed = loadPacked(member, volumeShape(completed(settings)));
    const result = packed.kind === "ok" ? ok({ voxels: packed.value, from: "file" as const }) : packed;
    return { result, uncached: null };
  }
  if (metadata === null) throw new Error("invariant: a volume that is not preprocessed has metadata");
  const file = member ?? path;
  const before = cache === null ? null : stateOf(file);
  const isReliable = before !== null && isSettled(before);
  const key = before === null ? null : cacheKey(before, metadata, settings);
  const kept = cache === null || key === null ? null : readEntry(cache.folder, key, settings);
  if (kept !== null) return { result: loaded(kept, "cache"), uncached: null };
  const packed = await preprocessVolume(file, metadata, settings);
  if (packed.kind === "failed") return { result: packed, uncached: null };
  let uncached: string | null = null;
  // Content that another program was just changing has no entry.
  if (cache !== null && before !== null && key !== null && isReliable && isSame(before, stateOf(file))) {
    try {
      writeEntry(cache, key, packed.value);
    } catch (error) {
      uncached = error instanceof Error ? error.message : String(error);
    }
  }
  return { result: loaded(packed.value, "file"), uncached };

  function loaded(volume: PackedVolume, from: "file" | "cache"): VolumeResult {
    return ok({ voxels: unpack(volume, settings.size, completed(settings)), from });
  }
}

/** A volume as `loadVolume` has it, changed at random where the request asks for that. */
export async function loadAugmented(
  request: VolumeRequest,
  settings: LoaderSettings,
): Promise<{ readonly result: VolumeResult; readonly uncached: string | null }> {
  const { image = null, augment = null } = request;
  const loaded = await (image === null ? loadVolume(request, settings) : loadPicture(request, image));
  if (augment === null || loaded.result.kind === "failed") return loaded;
  const { voxels, from } = loaded.result.value;
  const grid = image === null ? gridOf(settings.settings) : gridOfImage(image);
  const changed = augmentVolume(voxels, grid, augment.operations, augment.draw);
  return { ...loaded, result: ok({ voxels: changed, from }) };
}

/** A picture, which takes no longer to read than an entry of the cache. */
async function loadPicture(
  { path, member }: VolumeRequest,
  settings: ImageSettings,
): Promise<{ readonly result: VolumeResult; readonly uncached: null }> {
  const loaded = await loadImage({ path, member: member ?? null }, settings);
  return { result: loaded.kind === "failed" ? loaded : ok({ voxels: loaded.value, from: "file" }), uncached: null };
}

/** What the values of a prepared picture mean: black lies outside of it. */
function gridOfImage({ size: [height, width], mean, std }: ImageSettings): VolumeGrid {
  const channels = mean.map((middle, channel) => {
    const [black, white] = [-middle / at(std, channel), (1 - middle) / at(std, channel)];
    return { range: [black, white] as const, window: null, padding: black };
  });
  return { sizes: [1, height, width], spacing: [1, 1, 1], channels };
}

/** What the values of preprocessed volumes mean. */
export function gridOf(settings: Omit<VolumeSettings, "storage">): VolumeGrid {
  const complete = completed({ ...settings, storage: "f32" });
  const { size, spacing, range, pad } = complete;
  return { sizes: size, spacing, channels: windowsOf(complete).map((window) => ({ range, window, padding: pad })) };
}

/** Null for what cannot even be looked at: reading it says why. */
function stateOf(file: StoredFile): FileState | null {
  try {
    return fileState(file);
  } catch {
    return null;
  }
}

function isSame(before: FileState, after: FileState | null): boolean {
  return after !== null && before.numbers === after.numbers;
}
