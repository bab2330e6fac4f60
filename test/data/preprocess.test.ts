import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultData, defaultVolume } from "../../compiler/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import type { VoxelType } from "../../runtime/data/readers/voxels.ts";
import { unpack, type VolumeMetadata, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { Random } from "../random.ts";
import { gzipped, type NiftiParts } from "./nifti-file.ts";

const fixture = "test/fixtures/ctrate-small";
const folder = mkdtempSync(join(tmpdir(), "medctc-preprocess-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Expected {
  readonly mean: number;
  readonly sum_sq: number;
  readonly first_inside: readonly number[];
  readonly last_inside: readonly number[];
  readonly points: readonly (readonly [z: number, x: number, y: number, value: number])[];
}

/** As metadata.csv has them. */
const metadataOf: ReadonlyMap<string, VolumeMetadata> = new Map([
  ["case_0_a_1.nii.gz", { slope: 1, intercept: -1024, xySpacing: 3.1, zSpacing: 5 }],
  ["case_1_a_1.nii.gz", { slope: 2, intercept: -512, xySpacing: 7.4, zSpacing: 8.5 }],
  ["case_2_a_1.nii.gz", { slope: 1, intercept: 0, xySpacing: 12, zSpacing: 3 }],
]);

describe("CT-CLIP's own preprocessing", () => {
  const expected: unknown = JSON.parse(readFileSync(join(fixture, "preprocessed.json"), "utf8"));
  if (!isFixture(expected)) throw new Error("the fixture has volumes by their names");
  for (const [name, metadata] of metadataOf) {
    test(`gives the same for ${name}, voxel by voxel and as a whole`, async () => {
      const packed = await preprocessVolume(join(fixture, name), metadata, defaultData);
      const whole = expected[name];
      if (packed.kind === "failed" || whole === undefined) throw new Error(`${name} is in the fixture`);
      const values = unpack(packed.value, defaultData);
      expect(values.length).toBe(240 * 480 * 480);
      const off = whole.points.filter(([z, x, y, value]) => !(Math.abs(at(values, z, x, y) - value) < 1e-7));
      expect(off).toEqual([]);
      const { sum, squares, first, last } = summary(values);
      expect(sum / values.length).toBeCloseTo(whole.mean, 6);
      expect(Math.abs(squares / whole.sum_sq - 1)).toBeLessThan(1e-6);
      expect({ first, last }).toEqual({ first: whole.first_inside, last: whole.last_inside });
    });
  }

  function isFixture(value: unknown): value is Readonly<Record<string, Expected>> {
    return typeof value === "object" && value !== null && "case_0_a_1.nii.gz" in value;
  }

  function at(values: Float32Array, z: number, x: number, y: number): number {
    return values[(z * 480 + x) * 480 + y] ?? Number.NaN;
  }

  function summary(values: Float32Array) {
    let sum = 0;
    let squares = 0;
    const first = [240, 480, 480];
    const last = [-1, -1, -1];
    for (const [index, value] of values.entries()) {
      sum += value;
      squares += value * value;
      if (value <= -1) continue;
      for (const [axis, place] of [Math.floor(index / 230400), Math.floor(index / 480) % 480, index % 480].entries()) {
        first[axis] = Math.min(first[axis] ?? 0, place);
        last[axis] = Math.max(last[axis] ?? 0, place);
      }
    }
    return { sum, squares, first, last };
  }
});

/**
 * The same, written down plainly: every value of the output by itself, in 64-bit floats, from the eight stored voxels around it.
 */
function plainly(
  values: readonly number[],
  sizes: readonly [x: number, y: number, z: number],
  { slope, intercept, xySpacing, zSpacing }: VolumeMetadata,
  { spacing, size, window, clip }: VolumeSettings,
): readonly number[] {
  if (window === "min_max") throw new Error("a window with two ends");
  const [lowest, highest] = window;
  const [sizeX, sizeY, sizeZ] = sizes;
  const stored = [sizeZ, sizeX, sizeY];
  const current = [zSpacing, xySpacing, xySpacing];
  const resampled = stored.map((count, axis) => Math.trunc(count * ((current[axis] ?? 0) / (spacing[axis] ?? 1))));
  const clipped = (value: number): number => Math.min(Math.max(value, lowest), highest);
  const units = (z: number, x: number, y: number): number => {
    const value = slope * (values[(z * sizeY + y) * sizeX + x] ?? 0) + intercept;
    return clip === "before" ? clipped(value) : value;
  };
  /** The two stored places around one of the output, with their shares; none in the padding. */
  const around = (axis: number, place: number): readonly (readonly [place: number, share: number])[] => {
    const [all = 0, wanted = 0, count = 0] = [resampled[axis], size[axis], stored[axis]];
    const within = all > wanted ? place + Math.floor((all - wanted) / 2) : place - Math.floor((wanted - all) / 2);
    if (within < 0 || within >= all) return [];
    const source = Math.max(((within + 0.5) * count) / all - 0.5, 0);
    const below = Math.floor(source);
    return [
      [below, 1 - (source - below)],
      [Math.min(below + 1, count - 1), source - below],
    ];
  };
  const output: number[] = [];
  for (let z = 0; z < size[0]; z++) {
    for (let x = 0; x < size[1]; x++) {
      for (let y = 0; y < size[2]; y++) {
        let sum = 0;
        let shares = 0;
        for (const [fromZ, shareZ] of around(0, z)) {
          for (const [fromX, shareX] of around(1, x)) {
            for (const [fromY, shareY] of around(2, y)) {
              sum += shareZ * shareX * shareY * units(fromZ, fromX, fromY);
              shares += shareZ * shareX * shareY;
            }
          }
        }
        output.push(shares === 0 ? -1 : (clipped(sum) - (lowest + highest) / 2) / ((highest - lowest) / 2));
      }
    }
  }
  return output;
}

describe("other settings", () => {
  const random = new Random(5);
  const types: readonly VoxelType[] = ["int16", "uint16", "int8", "uint8", "int32", "int64", "float32", "float64"];
  const between = (low: number, high: number): number => low + (random.below(1e6) / 1e6) * (high - low);
  const most = (limit: number): number => 1 + random.below(limit);

  test.each([
    { storage: "f32", tolerance: 1e-7 },
    { storage: "i16", tolerance: 0.5 / 32767 + 1e-6 },
  ] as const)(
    "every voxel is what the formula says, larger and smaller, cropped and padded, of any type, kept as $storage",
    async ({ storage, tolerance }) => {
      for (let round = 0; round < 300; round++) {
        const type = random.pick(types);
        const sizes = [most(14), most(14), most(14)] as const;
        const low = type === "uint8" || type === "uint16" ? 0 : -120;
        const values = Array.from({ length: sizes[0] * sizes[1] * sizes[2] }, () => low + random.below(121));
        const metadata = {
          slope: between(-4, 4) || 1,
          intercept: between(-200, 200),
          xySpacing: between(0.5, 3),
          zSpacing: between(0.5, 3),
        };
        const lowest = between(-400, 0);
        const settings: VolumeSettings = {
          ...defaultVolume,
          spacing: [between(0.2, 3), between(0.2, 3), between(0.2, 3)],
          size: [most(16), most(16), most(16)],
          window: [lowest, lowest + between(10, 500)],
          clip: random.pick(["before", "after"]),
          storage,
        };
        const parts: NiftiParts = {
          type,
          sizes,
          values,
          littleEndian: random.below(2) === 0,
          version: random.pick([1, 2]),
        };
        const file = join(folder, "volume.nii.gz");
        writeFileSync(file, gzipped(parts));
        const packed = await preprocessVolume(file, metadata, settings);
        if (packed.kind === "failed") {
          expect(packed.problem.message).toMatch(/, as the metadata say, would become 0 of /);
          continue;
        }
        const expected = plainly(values, sizes, metadata, settings);
        const given = unpack(packed.value, settings);
        expect(given.length).toBe(expected.length);
        const worst = expected.reduce((most, value, index) => Math.max(most, Math.abs(value - (given[index] ?? 0))), 0);
        expect(worst, `round ${round}`).toBeLessThan(tolerance);
      }
    },
  );

  test("the header's own scaling comes before the metadata's", async () => {
    const file = join(folder, "scaled.nii.gz");
    const metadata = { slope: 10, intercept: -100, xySpacing: 1, zSpacing: 1 };
    const settings: VolumeSettings = {
      ...defaultVolume,
      spacing: [1, 1, 1],
      size: [1, 1, 3],
      window: [-1000, 1000],
      storage: "f32",
    };
    for (const type of ["int16", "float64"] as const) {
      writeFileSync(file, gzipped({ type, sizes: [1, 3, 1], values: [0, 20, 7], slope: 2, intercept: 5 }));
      const packed = await preprocessVolume(file, metadata, settings);
      if (packed.kind === "failed") throw new Error(packed.problem.message);
      const values = [...unpack(packed.value, settings)];
      for (const [index, expected] of [-0.05, 0.35, 0.09].entries()) expect(values[index]).toBeCloseTo(expected, 7);
    }
  });

  test("the window's ends are -1 and 1 exactly, and so is the padding", async () => {
    const file = join(folder, "ends.nii.gz");
    writeFileSync(file, gzipped({ sizes: [1, 3, 1], values: [-5000, 450, 5000] }));
    const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
    const settings: VolumeSettings = {
      ...defaultVolume,
      spacing: [1, 1, 1],
      size: [1, 1, 5],
      window: [-150, 1050],
      storage: "i16",
    };
    const packed = await preprocessVolume(file, metadata, settings);
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    expect([...unpack(packed.value, settings)]).toEqual([-1, -1, 0, 1, -1]);
  });
});
