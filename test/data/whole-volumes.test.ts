import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { preprocessLabels } from "../../runtime/data/preprocess-labels.ts";
import { encodeNpyHeader } from "../../runtime/data/readers/index.ts";
import { unpack, unstatedMetadata, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { gzipped } from "./nifti-file.ts";
import { allCodes, type Phantom, phantomFile, type Writing } from "./phantom.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-whole-volumes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: VolumeSettings = {
  ...defaultVolume,
  orientation: "LPS",
  crop: "foreground",
  resize: "squash",
  spacing: [1, 1, 1],
  size: [6, 7, 9],
  window: "min_max",
  range: [0, 1],
  pad: 0,
};

/** Some of what a body of any shape has: values of no CT, the darkest of them inside, too. */
function body([x, y, z]: Phantom["sizes"]): Phantom {
  const units = Array.from({ length: x * y * z }, (_, index) =>
    index === 60 ? -3000 : 40 * ((index * 37) % 101) - 2998,
  );
  return { sizes: [x, y, z], spacing: [1.5, 1, 3], units };
}

const inner = body([8, 10, 5]);
const margins = { before: [2, 3, 1], sizes: [12, 14, 8] } as const;

/** The body with the darkest value around it, or labels of what is in it. */
function framed(change: (unit: number) => number, around: number): Phantom {
  const [x, y, z] = margins.sizes;
  const units = Array.from({ length: x * y * z }, (_, index) => {
    const place = [index % x, Math.floor(index / x) % y, Math.floor(index / (x * y))];
    const [i = 0, j = 0, k = 0] = place.map((at, axis) => at - (margins.before[axis] ?? 0));
    const isInside = [i, j, k].every((at, axis) => at >= 0 && at < (inner.sizes[axis] ?? 0));
    return isInside ? change(inner.units[(k * inner.sizes[1] + j) * inner.sizes[0] + i] ?? 0) : around;
  });
  return { ...inner, sizes: margins.sizes, units };
}

function written(name: string, volume: Phantom, writing: Writing = {}): string {
  const path = join(folder, `${name}.nii.gz`);
  writeFileSync(path, phantomFile(volume, writing));
  return path;
}

async function valuesOf(path: string, changed: Partial<VolumeSettings> = {}): Promise<readonly number[] | string> {
  const all = { ...settings, ...changed };
  const packed = await preprocessVolume(path, unstatedMetadata, all);
  return packed.kind === "failed" ? packed.problem.message : [...unpack(packed.value, all)];
}

function farthest(found: readonly number[] | string, expected: readonly number[] | string): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...[...found].map((value, place) => Math.abs(Number(value) - Number(expected[place]))));
}

const whole = framed((unit) => unit, -3000);
const reference = valuesOf(written("inner", inner), { crop: "none" });

describe("a volume whose values and size are its own", () => {
  test("fills the range and the size", async () => {
    const values = [...(await reference)].map(Number);
    expect(values).toHaveLength(6 * 7 * 9);
    const exact = [...(await valuesOf(written("same", inner), { crop: "none", axes: "zyx", size: [5, 10, 8] }))].map(
      Number,
    );
    expect([Math.min(...exact), Math.max(...exact)]).toEqual([0, 1]);
    const [lowest, highest] = [-3000, Math.max(...inner.units)];
    const stretched = inner.units.map((unit) => (unit - lowest) / (highest - lowest));
    expect(farthest(exact, stretched)).toBeLessThan(1e-6);
  });

  test.each(allCodes)("is cut to what is above its darkest value, stored %s", async (codes) => {
    expect(await valuesOf(written(codes, whole, { codes }))).toEqual(await reference);
  });

  test("is the same in other units, and turned over where these turn it over", async () => {
    const scaled = await valuesOf(written("scaled", whole, { slope: 2, intercept: 600 }));
    expect(farthest(scaled, await reference)).toBeLessThan(1e-6);
    // The brightest voxel is the one that is cut off around.
    const bright = { ...whole, units: whole.units.map((unit) => -unit) };
    const metadata = { ...unstatedMetadata, slope: -1, intercept: 0 };
    const packed = await preprocessVolume(written("bright", bright), metadata, { ...settings, units: "stored" });
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    expect(farthest([...unpack(packed.value, settings)], await reference)).toBeLessThan(1e-6);
  });

  test("needs no spacing to be squashed", async () => {
    const path = join(folder, "array.npy");
    const values = Float32Array.from(inner.units);
    writeFileSync(path, Buffer.concat([encodeNpyHeader("f32", [5, 10, 8]), Buffer.from(values.buffer)]));
    const unplaced = { orientation: null, crop: "none" } as const;
    expect(await valuesOf(path, unplaced)).toEqual(await valuesOf(written("placed", inner), unplaced));
    const spaced = { ...unplaced, resize: "spacing" } as const;
    expect(await valuesOf(path, spaced)).toBe("neither a table nor its header states its spacing");
  });

  test("is cut to fixed windows, too", async () => {
    const shifted = framed((unit) => unit + 2000, -1000);
    const range = [-1000, Math.max(...shifted.units)] as const;
    expect(await valuesOf(written("shifted", shifted), { window: range })).toEqual(await reference);
  });

  test.each(["min_max", [-1000, 1000]] as const)("has some foreground, with a window of %j", async (window) => {
    const path = join(folder, "flat.nii.gz");
    writeFileSync(path, gzipped({ sizes: [3, 4, 5], values: new Array<number>(60).fill(7) }));
    const flat = { ...settings, orientation: null, window };
    const message = "all of its voxels have the same value";
    expect(await valuesOf(path, flat)).toBe(message);
    expect(await checkVolume(path, unstatedMetadata, flat)).toMatchObject([{ message }]);
  });
});

test("a label map is cut as its volume is", async () => {
  const file = written("volume", whole);
  const labels = written(
    "labels",
    framed(() => 3, 0),
  );
  const made = async (crop: VolumeSettings["crop"]): Promise<readonly number[]> => {
    const all = { ...settings, crop };
    const packed = await preprocessLabels(labels, { file, metadata: unstatedMetadata, settings: all });
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    return [...new Set(unpack(packed.value, { ...all, pad: 9 }))].toSorted();
  };
  expect(await made("foreground")).toEqual([3]);
  expect(await made("none")).toEqual([0, 3]);
});
