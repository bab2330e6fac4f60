import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { examineVolumes } from "../../runtime/data/examine-volumes.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, type VolumeMetadata, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { allCodes, phantom, phantomFile, type Writing } from "./phantom.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-orientation-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [2, 1, 2],
  size: [11, 16, 9],
  window: [-1000, 1000],
  storage: "f32",
  units: "hounsfield",
  orientation: "LPS",
};
const table: VolumeMetadata = { slope: 1, intercept: -1024, xySpacing: 1.5, zSpacing: 3 };
const body = phantom();

async function valuesOf(path: string, changed: Partial<VolumeSettings> = {}, metadata = table): Promise<Float32Array> {
  const all = { ...settings, ...changed };
  const packed = await preprocessVolume(path, metadata, all);
  if (packed.kind === "failed") throw new Error(`${packed.problem.message} ${packed.problem.help ?? ""}`);
  return unpack(packed.value, all);
}

function written(name: string, writing: Writing): string {
  const path = join(folder, `${name}.nii.gz`);
  writeFileSync(path, phantomFile(body, writing));
  return path;
}

function farthest(a: Float32Array, b: Float32Array | readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? Number.NaN))), 0);
}

const reference = valuesOf(written("reference", { codes: "LPS" }));

describe("one phantom", () => {
  test.each(allCodes)("stored %s gives the same tensor", async (codes) => {
    expect(farthest(await valuesOf(written(codes, { codes })), await reference)).toBeLessThan(1e-6);
  });

  test("of the first release, with scanner values and a header that states nothing, gives the same tensor", async () => {
    const scaled = { codes: "LPS", intercept: -1024 };
    const assumed = { units: "stored", assumeOrientation: "LPS" } as const;
    const unstated = written("first", { ...scaled, isStated: false });
    expect(farthest(await valuesOf(unstated, assumed), await reference)).toBe(0);
    const identity = written("identity", { ...scaled, codes: "LPS", stated: [1, 1, 1] });
    expect(farthest(await valuesOf(identity, assumed), await reference)).toBe(0);
  });

  test("that is assumed to be stored otherwise is reordered from there", async () => {
    const path = written("assumed", { codes: "RAS", isStated: false });
    expect(farthest(await valuesOf(path, { assumeOrientation: "RAS" }), await reference)).toBeLessThan(1e-6);
  });

  test("has its spacing from the header where there is no table", async () => {
    const path = written("without", { codes: "PSR" });
    const none = { slope: 1, intercept: 0, xySpacing: null, zSpacing: null };
    expect(farthest(await valuesOf(path, {}, none), await reference)).toBeLessThan(1e-6);
  });

  test("in 16-bit steps is within half a step of the range", async () => {
    const path = written("steps", { codes: "SAR" });
    const range = { range: [0, 4], pad: -3 } as const;
    const [steps, floats] = [await valuesOf(path, { ...range, storage: "i16" }), await valuesOf(path, range)];
    expect(farthest(steps, floats)).toBeLessThan(2 / 32767 / 2 + 1e-6);
    expect(farthest(steps, floats)).toBeGreaterThan(0);
  });

  test("has other axes first where `axes` says so, and its windows as channels", async () => {
    const path = written("axes", { codes: "LPS" });
    const [depth, height, width] = settings.size;
    const turned = await valuesOf(path, { axes: "xyz", spacing: [1, 2, 2], size: [height, width, depth] });
    const expected = await reference;
    const back = Float32Array.from({ length: expected.length }, (_, index) => {
      const [z, x, y] = [Math.floor(index / (height * width)), Math.floor(index / width) % height, index % width];
      return turned[(x * width + y) * depth + z] ?? Number.NaN;
    });
    expect(farthest(back, expected)).toBeLessThan(1e-6);
    const both = await valuesOf(path, { otherWindows: [[-160, 240]] });
    const narrow = await valuesOf(path, { window: [-160, 240] });
    expect(farthest(both.subarray(0, expected.length), expected)).toBe(0);
    expect(farthest(both.subarray(expected.length), narrow)).toBe(0);
    expect(farthest(narrow, expected)).toBeGreaterThan(0.1);
  });
});

describe("MONAI's and TorchIO's transforms of the same settings", () => {
  const from = "test/fixtures/volumes-small";
  interface Expected {
    readonly sizes: readonly [number, number, number];
    readonly target: readonly [number, number, number];
    readonly channels: readonly {
      readonly window: readonly [number, number];
      readonly range: readonly [number, number];
      readonly monai: readonly number[];
      readonly torchio: readonly number[];
    }[];
  }
  const isExpected = (value: unknown): value is Expected =>
    typeof value === "object" && value !== null && "channels" in value;
  const expected: unknown = JSON.parse(readFileSync(join(from, "expected.json"), "utf8"));
  if (!isExpected(expected)) throw new Error("the fixture has channels");

  test.each(["LPS", "RAS", "LAS", "PSR", "IAL"])("give the same for the volume stored %s", async (codes) => {
    for (const { window, range, monai, torchio } of expected.channels) {
      const given = { window, range, pad: range[0], size: expected.sizes, spacing: expected.target };
      const values = await valuesOf(join(from, `${codes}.nii.gz`), given);
      expect(farthest(values, monai)).toBeLessThan(1e-4);
      expect(farthest(values, torchio)).toBeLessThan(1e-4);
    }
  });
});

describe("a volume of unknown orientation", () => {
  const needs = { units: "hounsfield", orientation: "LPS", assumeOrientation: null } as const;

  test("is refused where one is needed, with both ways out", async () => {
    const path = written("unknown", { isStated: false });
    const packed = await preprocessVolume(path, table, settings);
    expect(packed).toMatchObject({
      kind: "failed",
      problem: {
        message: "its orientation is unknown, and LPS is needed: its sform_code and qform_code are 0",
        help: "Say how such files are stored with `assume_orientation` in the `data` block, or correct the file's header.",
      },
    });
    const found = await examineVolumes([{ file: path, metadata: table }], needs, () => undefined);
    expect(found.unknown?.message).toBe(
      `the volume states no orientation (${path}: its sform_code and qform_code are 0), and the spec needs LPS`,
    );
  });

  test("is one whose header has other voxels than the table", async () => {
    const path = written("contradicting", { stated: [1, 1, 1] });
    const found = await examineVolumes([{ file: path, metadata: table }], needs, () => undefined);
    expect(found.unknown?.message).toContain(
      "its header has voxels of 1 x 1 x 1 mm, but the metadata table of 1.5 x 1.5 x 3 mm",
    );
  });

  test("is used as stored where none is needed, and that is said", async () => {
    const path = written("any", { isStated: false });
    const as = { ...needs, orientation: null };
    const found = await examineVolumes([{ file: path, metadata: table }], as, () => undefined);
    expect(found).toMatchObject({ unknown: null, problems: [], orientation: null });
    expect(found.notes).toEqual([
      `the volume states no orientation (${path}: its sform_code and qform_code are 0), and is used as stored`,
    ]);
  });
});

describe("a data set", () => {
  const [left, right, other] = ["LPS", "RAS", "RAS"].map((codes, index) => ({
    file: written(`set-${index}`, { codes }),
    metadata: table,
  }));
  if (left === undefined || right === undefined || other === undefined) throw new Error("there are three");
  const needs = { units: "hounsfield", orientation: "LPS", assumeOrientation: null } as const;

  test("that is reordered says how many volumes are", async () => {
    const found = await examineVolumes([left, right, other], needs, () => undefined);
    expect(found).toMatchObject({ orientation: "LPS", problems: [], unknown: null });
    expect(found.notes).toEqual(["2 of 3 volumes are stored RAS, and are reordered to LPS"]);
  });

  test("that needs no reordering says nothing", async () => {
    expect((await examineVolumes([left], needs, () => undefined)).notes).toEqual([]);
  });

  test("that mixes orientations is refused with a file of each where the spec states none", async () => {
    const found = await examineVolumes([left, right, other], { ...needs, orientation: null }, () => undefined);
    const message = `the volumes are stored in several orientations: RAS (2, such as ${right.file}) and LPS (1, such as ${left.file})`;
    expect(found.problems).toMatchObject([{ message }]);
  });

  test("that is stored alike is used as stored, and that is said", async () => {
    const found = await examineVolumes([right, other], { ...needs, orientation: null }, () => undefined);
    expect(found).toMatchObject({ orientation: "RAS", problems: [] });
    expect(found.notes).toEqual(["all 2 volumes are stored RAS, and used as stored"]);
  });
});
