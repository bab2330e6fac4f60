import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { cacheKey, fileState } from "../../runtime/data/cache.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { loadVolume } from "../../runtime/data/load-volume.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import type { VolumeMetadata, VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { type TransformName, transforms } from "../../runtime/data/transforms/list.ts";
import { gzipped } from "./nifti-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-transforms-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "volume.nii.gz");
writeFileSync(path, gzipped({ sizes: [5, 6, 7] }));

/** Metadata that a transform takes, and some that it refuses. */
const samples: Readonly<Record<TransformName, { readonly good: VolumeMetadata; readonly bad: VolumeMetadata }>> = {
  "windowed-resampling": {
    good: { slope: 10, intercept: -1000, xySpacing: 1, zSpacing: 2 },
    bad: { slope: 0, intercept: 0, xySpacing: 1, zSpacing: 1 },
  },
};

const isName = (name: string): name is TransformName => name in transforms;
const names = Object.keys(transforms).filter(isName);

describe.each(names)("the transform %s", (transform) => {
  const settings: VolumeSettings = {
    ...{ ...defaultVolume, spacing: [1, 1, 1], size: [8, 5, 4], window: [-1000, 1000], storage: "f32" },
    transform,
  };
  const { good, bad } = samples[transform];

  test("gives values from -1 to 1, as many as are asked for, and the same from the cache", async () => {
    const loader = { cache: { folder: join(folder, transform), bytes: 1e6 } };
    const request = { path, metadata: good, prepare: { kind: "volume", settings } } as const;
    const [first, again] = [await loadVolume(request, loader), await loadVolume(request, loader)];
    if (first.result.kind === "failed" || again.result.kind === "failed") throw new Error("it is a good volume");
    const { voxels } = first.result.value;
    expect(voxels).toHaveLength(8 * 5 * 4);
    expect(voxels.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(new Set(voxels).size).toBeGreaterThan(10);
    expect(again.result.value.voxels).toEqual(voxels);
  });

  test("refuses metadata alike when a volume is loaded and when it is checked", async () => {
    const packed = await preprocessVolume(path, bad, settings);
    expect(packed.kind === "failed" && [packed.problem]).toEqual(await checkVolume(path, bad, settings));
    expect(await checkVolume(path, good, settings)).toEqual([]);
  });
});

test("volumes of different transforms are different entries of the cache", () => {
  const state = fileState(path);
  if (state === null) throw new Error("it was written");
  const settings = {
    ...defaultVolume,
    spacing: [1, 1, 1],
    size: [8, 5, 4],
    window: [-1000, 1000],
    storage: "f32",
  } as const;
  const keys = names.map((transform) =>
    cacheKey(state, samples["windowed-resampling"].good, { ...settings, transform }),
  );
  expect(new Set(keys).size).toBe(names.length);
});
