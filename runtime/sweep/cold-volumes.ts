import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheEntry, type DataInputs, type Example, fileInputs, isPacked, requestsOf } from "../data/index.ts";

/** The cache that runs share. */
export interface SharedCache {
  readonly folder: string;
  readonly bytes: number;
}

/** Bytes of a voxel on disk. */
const voxelBytes = { f32: 4, i16: 2 } as const;

/**
 * The entries that the cache of preprocessed volumes lacks, as paths; none where all of them would not fit, since waiting for
 * them would then be for nothing.
 */
export function coldVolumes(
  examples: readonly Example[],
  inputs: DataInputs,
  { folder, bytes }: SharedCache,
): readonly string[] {
  const kept = fileInputs(inputs).filter(({ kind }) => kind !== "image");
  const ofExample = kept.map((input) => {
    const storage = input.kind === "volume" ? input.settings.storage : "f32";
    return voxelBytes[storage] * input.shape.reduce((product, size) => product * size, 1);
  });
  if (examples.length * ofExample.reduce((sum, each) => sum + each, 0) > bytes) return [];
  return examples.flatMap((example) =>
    requestsOf(example, kept, null).flatMap(({ path: own, member, metadata, prepare }) => {
      const file = member ?? own;
      // What was preprocessed before is not kept again.
      const entry = metadata === null || isPacked(file) ? null : cacheEntry(file, metadata, prepare);
      const path = entry === null ? null : join(folder, `${entry.key}.volume`);
      return path === null || existsSync(path) ? [] : [path];
    }),
  );
}

/**
 * Lets one run at a time start of those that read the same volumes, until these are in the cache: others would preprocess
 * them at the same time again.
 */
export class CacheGate {
  private readonly missing: ReadonlyMap<string, string[]>;

  constructor(missing: ReadonlyMap<string, readonly string[]>) {
    this.missing = new Map([...missing].map(([group, paths]) => [group, paths.toReversed()]));
  }

  /** Whether a run of a group may start beside others of it. Looks no further than to the first entry that is missing. */
  isOpen(group: string): boolean {
    const paths = this.missing.get(group) ?? [];
    for (let next = paths.at(-1); next !== undefined; next = paths.at(-1)) {
      if (!existsSync(next)) return false;
      paths.pop();
    }
    return true;
  }
}
