import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { readVolume, valuesOf } from "../../runtime/data/readers/nifti.ts";
import type { VoxelType } from "../../runtime/data/readers/voxels.ts";
import { Random } from "../random.ts";
import { gzipped, type NiftiParts, niftiFile } from "./nifti-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-nifti-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function valuesIn(bytes: Uint8Array, name = "volume.nii"): Promise<readonly number[]> {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const volume = await readVolume(file);
  if (volume.kind === "failed") throw new Error(volume.problem.message);
  return [...valuesOf(volume.value)];
}

/** The extremes of each type, and something between. */
const samples: readonly (readonly [type: VoxelType, values: readonly number[]])[] = [
  ["int8", [-128, 127, -1, 0, 5]],
  ["uint8", [0, 255, 128, 1, 77]],
  ["int16", [-32768, 32767, -1024, 0, 3071]],
  ["uint16", [0, 65535, 32768, 1, 4095]],
  ["int32", [-(2 ** 31), 2 ** 31 - 1, -70_000, 0, 123_456]],
  ["uint32", [0, 2 ** 32 - 1, 2 ** 31, 70_000, 9]],
  ["int64", [-(2 ** 62), 2 ** 53, -1, 0, 2 ** 40]],
  ["uint64", [0, 2 ** 63, 2 ** 53, 1, 2 ** 40]],
  ["float32", [-1024.5, 2 ** 100, 2 ** -140, 0, 0.15625]],
  ["float64", [-1024.1, 1e300, 5e-324, 0, Math.PI]],
];

describe("what a file says is read", () => {
  const random = new Random(11);
  for (const [type, extremes] of samples) {
    for (const version of [1, 2] as const) {
      for (const littleEndian of [true, false]) {
        for (const packed of [false, true]) {
          const name = `${type}, NIfTI-${version}, ${littleEndian ? "little" : "big"}-endian${packed ? ", gzip" : ""}`;
          test(name, async () => {
            const sizes = [3 + random.below(5), 1 + random.below(5), 1 + random.below(4)];
            const count = sizes.reduce((product, size) => product * size, 1);
            const values = Array.from({ length: count }, (_, index) => extremes[index] ?? random.pick(extremes));
            const parts: NiftiParts = { version, littleEndian, type, sizes, values };
            expect(await valuesIn(packed ? gzipped(parts) : niftiFile(parts))).toEqual(values);
          });
        }
      }
    }
  }
  test("a volume is gzip by its content, whatever its name", async () => {
    expect(await valuesIn(gzipped(), "packed.nii")).toEqual(await valuesIn(niftiFile(), "plain.nii.gz"));
  });

  test("a file of several gzip members is one file", async () => {
    const file = niftiFile();
    const members = Buffer.concat([
      gzipSync(file.subarray(0, 100)),
      gzipSync(file.subarray(100, 360)),
      gzipSync(file.subarray(360)),
    ]);
    expect(await valuesIn(members)).toEqual(await valuesIn(file));
  });

  test("zeros that pad a gzip file are no garbage", async () => {
    expect(await valuesIn(Buffer.concat([gzipped(), Buffer.alloc(512)]))).toEqual(await valuesIn(niftiFile()));
  });

  test("extensions between header and voxels are skipped", async () => {
    expect(await valuesIn(niftiFile({ offset: 352 + 4096 }))).toEqual(await valuesIn(niftiFile()));
    expect(await valuesIn(gzipped({ version: 2, offset: 544 + 64 }))).toEqual(await valuesIn(niftiFile()));
  });

  test("more axes than three are fine while they have one voxel", async () => {
    expect(await valuesIn(niftiFile({ sizes: [4, 3, 2, 1, 1] }))).toEqual(await valuesIn(niftiFile()));
  });

  test("slices larger than the pieces that are read come whole", async () => {
    const values = Array.from({ length: 2 * 800 * 701 }, (_, index) => ((index * 7919) % 65536) - 32768);
    const parts: NiftiParts = { sizes: [800, 701, 2], values };
    for (const file of [gzipped(parts), niftiFile({ ...parts, littleEndian: false })]) {
      const read = await valuesIn(file);
      expect(read.length).toBe(values.length);
      expect(read.findIndex((value, index) => value !== values[index])).toBe(-1);
    }
  });
});

describe("a header's own scaling", () => {
  const values = [-1024, 0, 40];
  const sizes = [3, 1, 1];

  test("is slope * stored + intercept", async () => {
    expect(await valuesIn(niftiFile({ sizes, values, slope: 0.5, intercept: -3 }))).toEqual([-515, -3, 17]);
    expect(await valuesIn(niftiFile({ version: 2, sizes, values, slope: -0.1, intercept: 1e-3 }))).toEqual(
      values.map((value) => value * -0.1 + 1e-3),
    );
  });

  for (const slope of [0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    test(`a slope of ${slope} means that there is none, whatever the intercept`, async () => {
      expect(await valuesIn(niftiFile({ sizes, values, slope, intercept: 7 }))).toEqual(values);
      expect(await valuesIn(niftiFile({ sizes, values, slope, intercept: Number.NaN }))).toEqual(values);
    });
  }
});

describe("what a volume's preprocessing does not use is not looked at", () => {
  test("zero and negative spacing in the header", async () => {
    expect(await valuesIn(niftiFile({ spacing: [0, 0, 0] }))).toEqual(await valuesIn(niftiFile()));
    expect(await valuesIn(niftiFile({ spacing: [-1, 1, -2.5] }))).toEqual(await valuesIn(niftiFile()));
  });

  test("a singular sform", async () => {
    expect(await valuesIn(niftiFile({ sform: Array.from({ length: 12 }, () => 0) }))).toEqual(
      await valuesIn(niftiFile()),
    );
  });
});
