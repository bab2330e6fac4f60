import { windowsOf } from "../../compiler/index.ts";
import { ok } from "../text/index.ts";
import { augmentVolume, type VolumeGrid } from "./augment/index.ts";
import { cacheKey, type FileState, fileState, isSettled, readEntry, writeEntry } from "./cache.ts";
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
  if (member !== undefined) {
    const packed = loadPacked(member, volumeShape(completed(settings)));
    const result = packed.kind === "ok" ? ok({ voxels: packed.value, from: "file" as const }) : packed;
    return { result, uncached: null };
  }
  if (metadata === null) throw new Error("invariant: a volume that is not preprocessed has metadata");
  const before = cache === null ? null : stateOf(path);
  const isReliable = before !== null && isSettled(before);
  const key = before === null ? null : cacheKey(before, metadata, settings);
  const kept = cache === null || key === null ? null : readEntry(cache.folder, key, settings);
  if (kept !== null) return { result: loaded(kept, "cache"), uncached: null };
  const packed = await preprocessVolume(path, metadata, settings);
  if (packed.kind === "failed") return { result: packed, uncached: null };
  let uncached: string | null = null;
  // Content that another program was just changing has no entry.
  if (cache !== null && before !== null && key !== null && isReliable && isSame(before, stateOf(path))) {
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
  const loaded = await loadVolume(request, settings);
  const { augment = null } = request;
  if (augment === null || loaded.result.kind === "failed") return loaded;
  const { voxels, from } = loaded.result.value;
  const changed = augmentVolume(voxels, gridOf(settings.settings), augment.operations, augment.draw);
  return { ...loaded, result: ok({ voxels: changed, from }) };
}

/** What the values of preprocessed volumes mean. */
export function gridOf(settings: Omit<VolumeSettings, "storage">): VolumeGrid {
  const complete = completed({ ...settings, storage: "f32" });
  const { size, spacing, range, pad } = complete;
  return { sizes: size, spacing, channels: windowsOf(complete).map((window) => ({ range, window, padding: pad })) };
}

/** Null for what cannot even be looked at: reading it says why. */
function stateOf(path: string): FileState | null {
  try {
    return fileState(path);
  } catch {
    return null;
  }
}

function isSame(before: FileState, after: FileState | null): boolean {
  return after !== null && before.numbers === after.numbers;
}
