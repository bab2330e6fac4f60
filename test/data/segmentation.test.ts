import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume, type SpatialAxis, type VolumeAugmentation } from "../../compiler/index.ts";
import { operationsOf } from "../../runtime/data/augment/index.ts";
import { resampleNearest } from "../../runtime/data/augment/resample-nearest.ts";
import { rotate } from "../../runtime/data/augment/rotate.ts";
import { loadAugmented, loadVolume } from "../../runtime/data/load-volume.ts";
import { preprocessLabels } from "../../runtime/data/preprocess-labels.ts";
import { unpack, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import type { VolumeChange, VolumeRequest } from "../../runtime/data/volume-messages.ts";
import { gzipped } from "./nifti-file.ts";
import { allCodes, phantom, phantomFile } from "./phantom.ts";

const from = "test/fixtures/labels-small";
const folder = mkdtempSync(join(tmpdir(), "medctc-segmentation-"));
afterAll(() => rmSync(folder, { recursive: true }));
const metadata = { slope: 1, intercept: 0, xySpacing: null, zSpacing: null };

interface Expected {
  readonly size: VolumeSettings["size"];
  readonly spacing: VolumeSettings["spacing"];
  readonly cases: readonly {
    readonly codes: string;
    readonly monai: readonly number[];
    readonly torchio: readonly number[];
  }[];
  readonly before: readonly number[];
  readonly turned: readonly {
    readonly axis: SpatialAxis;
    readonly degrees: number;
    readonly after: readonly number[];
  }[];
}
const isExpected = (value: unknown): value is Expected =>
  typeof value === "object" && value !== null && "turned" in value && "cases" in value;
const expected: unknown = JSON.parse(readFileSync(join(from, "expected.json"), "utf8"));
if (!isExpected(expected)) throw new Error("the fixture has cases");
const { size, spacing, cases, before, turned } = expected;
const settings: VolumeSettings = { ...defaultVolume, units: "hounsfield", orientation: "LPS", spacing, size };

async function labelsOf(path: string, volume: string, by = settings): Promise<readonly number[] | string> {
  const packed = await preprocessLabels(path, { file: volume, metadata, settings: by });
  if (packed.kind === "failed") return packed.problem.message.replaceAll(`${folder}/`, "");
  return [...unpack(packed.value, { range: [0, 1], pad: 0 })];
}

describe("a label map on the grid of its volume", () => {
  test.each(cases)(
    "is MONAI's and TorchIO's by the nearest voxel, stored $codes",
    async ({ codes, monai, torchio }) => {
      const labels = await labelsOf(join(from, `${codes}.nii.gz`), join(from, "volume.nii.gz"));
      expect(labels).toEqual(monai);
      expect(labels).toEqual(torchio);
      expect(new Set<unknown>([...labels])).toEqual(new Set([0, 1, 2, 3, 4]));
    },
  );

  test("is the same whatever the orientations of both are, and where the network takes them as stored", async () => {
    const body = phantom();
    // Where the volume is, by its own place: a label for each, so that no two are exchanged.
    const numbered = { ...body, units: body.units.map((_, index) => index % 251) };
    const own = { ...settings, size: [11, 16, 9], spacing: [2, 1, 2] } as const;
    const write = (name: string, content: Buffer): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const plain = write("LPS.nii.gz", phantomFile(body));
    const straight = await labelsOf(write("numbered.nii.gz", phantomFile(numbered)), plain, own);
    expect(new Set<unknown>([...straight]).size).toBeGreaterThan(100);
    for (const codes of allCodes) {
      const map = write("map.nii.gz", phantomFile(numbered, { codes }));
      expect(await labelsOf(map, plain, own), codes).toEqual(straight);
      const asStored = { ...own, orientation: null };
      expect(await labelsOf(map, plain, asStored), codes).toEqual(straight);
      const other = write("other.nii.gz", phantomFile(body, { codes }));
      expect(await labelsOf(map, other, own), codes).toEqual(straight);
    }
  });

  const sform = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0];
  const sizes = [4, 3, 2];
  const plainFile = { sizes, sform, values: Array.from({ length: 24 }, (_, index) => index % 3) };
  test.each([
    ["another size", { ...plainFile, sizes: [4, 3, 1] }, "it has 4 x 3 x 1 voxels, and the volume 4 x 3 x 2"],
    [
      "other voxels",
      { ...plainFile, sform: sform.map((value) => 1.5 * value) },
      "its voxels have 1.5 x 1.5 x 3 mm, and those of the volume 1 x 1 x 2 mm",
    ],
    [
      "another place",
      { ...plainFile, sform: sform.map((value, index) => (index === 3 ? 0.5 : value)) },
      "it lies 0.5 mm from there",
    ],
    ["no place", { sizes, values: plainFile.values }, "its file states no orientation, and that of the volume does"],
  ])("is refused at %s, and both files are named", async (_, parts, why) => {
    writeFileSync(join(folder, "ct.nii.gz"), gzipped(plainFile));
    writeFileSync(join(folder, "map.nii.gz"), gzipped(parts));
    const [ct, map] = [join(folder, "ct.nii.gz"), join(folder, "map.nii.gz")];
    expect(await labelsOf(map, ct)).toBe(`it is not on the grid of its volume ct.nii.gz: ${why}`);
    const packed = await preprocessLabels(map, { file: ct, metadata, settings });
    expect(packed).toMatchObject({ kind: "failed", problem: { subject: map } });
  });

  test("is refused where it has anything but whole numbers, and where its volume cannot be read", async () => {
    writeFileSync(join(folder, "ct.nii.gz"), gzipped(plainFile));
    writeFileSync(join(folder, "map.nii.gz"), gzipped({ ...plainFile, slope: 0.25, intercept: 0 }));
    const map = join(folder, "map.nii.gz");
    const one = { ...settings, orientation: null, spacing: [2, 1, 1], size: [2, 4, 3] } as const;
    expect(await labelsOf(map, join(folder, "ct.nii.gz"), one)).toBe(
      "a voxel of it has the value 0.25, and labels are whole numbers",
    );
    expect(await labelsOf(map, join(folder, "missing.nii.gz"), one)).toBe(
      "its volume missing.nii.gz cannot be read: it does not exist",
    );
  });
});

describe("a label map that is changed with its volume", () => {
  const sizes = [6, 7, 8] as const;
  const grid = { sizes, spacing: [1, 1, 1], channels: [{ range: [0, 0], window: null, padding: 0 }] } as const;

  test.each(turned)("is MONAI's Affine by the nearest voxel around $axis", ({ axis, degrees, after }) => {
    expect([...resampleNearest(Float32Array.from(before), grid, rotate(axis, degrees, grid))]).toEqual(after);
  });

  const augmentations: readonly VolumeAugmentation[] = [
    { kind: "noise", std: 0.2, chance: 0.5 },
    { kind: "flip", axis: "height", sides: "ignore", chance: 0.5 },
    { kind: "shift", by: { unit: "voxels", most: [1, 2, 2] }, chance: 0.9 },
    { kind: "intensity", shift: 0.1, scale: 0.1, chance: 0.5 },
    { kind: "shift", by: { unit: "voxels", most: [2, 2, 2] }, chance: 0.9 },
  ];

  test("goes where the volume goes, keeps its labels, and has a channel for each that is asked for", async () => {
    const body = phantom([9, 9, 6]);
    // Bone where the map has 3, and air elsewhere: both show where the other is.
    const marked = body.units.map((_, index) => (index % 7 === 0 || index % 5 === 0 ? 3 : index % 11 === 0 ? 1 : 0));
    const ct = join(folder, "moved-ct.nii.gz");
    const map = join(folder, "moved-map.nii.gz");
    writeFileSync(ct, phantomFile({ ...body, units: marked.map((label) => (label === 3 ? 1000 : -1000)) }));
    writeFileSync(map, phantomFile({ ...body, units: marked }, { codes: "RAS" }));
    const own = { ...settings, spacing: [3, 1.5, 1.5], size: [6, 9, 9], units: "stored" } as const;
    const seen = new Set<string>();
    for (let step = 0; step < 20; step++) {
      const augment: VolumeChange = {
        operations: operationsOf(augmentations).volumes.filter(({ operation }) => operation.kind !== "noise"),
        draw: { seed: 4, step, example: "one" },
      };
      const request = (labels: readonly number[] | null): VolumeRequest => ({
        path: map,
        metadata,
        prepare: { kind: "segmentation", settings: own, volume: ct, labels },
        augment,
      });
      const volume = { path: ct, metadata, prepare: { kind: "volume", settings: own }, augment } as const;
      const [voxels, labels, channels] = await Promise.all(
        [volume, request(null), request([3, 1])].map(async (each) => {
          const { result } = await loadAugmented(each, { cache: null });
          if (result.kind === "failed") throw new Error(result.problem.message);
          return [...result.value.voxels];
        }),
      );
      const middle = voxels?.map((value) => value > 0);
      expect(labels?.map((label) => label === 3)).toEqual(middle);
      expect(labels?.every((label) => [0, 1, 3].includes(label))).toBe(true);
      expect(channels).toEqual([3, 1].flatMap((wanted) => labels?.map((label) => Number(label === wanted)) ?? []));
      seen.add(JSON.stringify(labels));
    }
    expect(seen.size).toBeGreaterThan(10);
  });
});

test("a label map in the cache is read again when it, its volume or the grid changes, and only then", async () => {
  const cache = { folder: join(folder, "cache"), bytes: 1e6 };
  const [ct, map] = [join(folder, "kept-ct.nii.gz"), join(folder, "kept-map.nii.gz")];
  cpSync(join(from, "volume.nii.gz"), ct);
  cpSync(join(from, "LPS.nii.gz"), map);
  const fromWhere = async (by: VolumeSettings): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 120));
    const prepare = { kind: "segmentation", settings: by, volume: ct, labels: null } as const;
    const { result, uncached } = await loadVolume({ path: map, metadata, prepare }, { cache });
    return uncached ?? (result.kind === "ok" ? result.value.from : result.problem.message);
  };
  (await import("../../runtime/data/cache.ts")).prepareCache(cache);
  expect([await fromWhere(settings), await fromWhere(settings)]).toEqual(["file", "cache"]);
  // What changes values of volumes changes no label.
  expect(await fromWhere({ ...settings, window: [-100, 100], range: [0, 1], pad: 0, storage: "i16" })).toBe("cache");
  expect(await fromWhere({ ...settings, axes: "zyx" })).toBe("file");
  cpSync(join(from, "SAL.nii.gz"), map);
  expect([await fromWhere(settings), await fromWhere(settings)]).toEqual(["file", "cache"]);
  cpSync(join(from, "volume.nii.gz"), ct);
  expect(await fromWhere(settings)).toBe("file");
  expect(readdirSync(cache.folder).length).toBe(4);
});
