import { createHash } from "node:crypto";
import { defaultVolume } from "../../compiler/index.ts";
import type { StoredFile } from "./archive-member.ts";
import { cacheKey, type FileState, fileState, isSettled } from "./cache.ts";
import type { VolumeMetadata, VolumeSettings } from "./transforms/index.ts";
import type { Preparation } from "./volume-messages.ts";

/** Where the cache has a preprocessed file, by what it follows from as that is now. */
export interface CacheEntry {
  readonly key: string;
  /** Changes with every change of a file that it is made of. */
  readonly state: string;
  /** Whether these changed so long ago that their state tells them from any later content. */
  readonly isSettled: boolean;
}

/** Goes up with every change of how label maps are resampled. */
const labelsVersion = 1;

/** The entry of a file; null for what is not kept, and where a file cannot even be looked at, of which reading it says why. */
export function cacheEntry(file: StoredFile, metadata: VolumeMetadata, prepare: Preparation): CacheEntry | null {
  if (prepare.kind === "image") return null;
  const own = stateOf(file);
  if (own === null) return null;
  if (prepare.kind === "volume") {
    return { key: cacheKey(own, metadata, prepare.settings), state: own.numbers, isSettled: isSettled(own) };
  }
  const volume = stateOf(prepare.volume);
  if (volume === null) return null;
  const grid = cacheKey(volume, metadata, labelSettings(prepare.settings));
  const parts = ["labels", labelsVersion, own.path, own.numbers, grid];
  return {
    key: createHash("sha256").update(JSON.stringify(parts)).digest("hex"),
    state: `${own.numbers} ${volume.numbers}`,
    isSettled: isSettled(own) && isSettled(volume),
  };
}

/** What of a volume's settings its label map follows from: the grid. Labels are kept as they are, with 0 around them. */
export function labelSettings(settings: VolumeSettings): VolumeSettings {
  const { orientation, assumeOrientation, assumeSpacing, axes, crop, resize, spacing, grid, size } = settings;
  const place = { orientation, assumeOrientation, assumeSpacing, axes, crop, resize, spacing, grid, size };
  return { ...defaultVolume, ...place, window: [0, 1], range: [0, 1], pad: 0, units: "stored" };
}

function stateOf(file: StoredFile): FileState | null {
  try {
    return fileState(file);
  } catch {
    return null;
  }
}
