import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { dicomFile, encapsulated } from "./dicom-bytes.ts";
import { encodeJpeg } from "./jpeg-bytes.ts";
import { readWhole, type WholeVolume } from "./whole-volume.ts";

// A series of eight slices that pydicom wrote in turn in five transfer syntaxes, and what ITK makes of it.
const fixture = "test/fixtures/dicom-small";
const folder = mkdtempSync(join(tmpdir(), "medctc-dicom-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [1.5, 0.75, 0.75],
  size: [10, 20, 20],
  window: [-1000, 1000],
  storage: "f32",
};
const metadata = { slope: 1, intercept: 0, xySpacing: 0.9, zSpacing: 2 };

async function readGood(name: string): Promise<WholeVolume> {
  const read = await readWhole(join(fixture, name));
  if (read.kind === "failed") throw new Error(read.problem.map(({ message }) => message).join("; "));
  return read.value;
}

test("the series has the values and affine that ITK gives it", async () => {
  const affine = readFileSync(join(fixture, "affine.txt"), "utf8").trim().split(/\s+/).map(Number);
  const { header, values } = await readGood("series");
  expect(affine).toHaveLength(12);
  for (const [index, value] of affine.entries()) expect(header.affine?.flat()[index]).toBeCloseTo(value, 6);
  expect([...values]).toEqual([...(await readGood("series.nii.gz")).values]);
});

test("the series becomes the tensor that its NIfTI file becomes", async () => {
  const tensorOf = async (name: string): Promise<Float32Array> => {
    const packed = await preprocessVolume(join(fixture, name), metadata, settings);
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    return unpack(packed.value, settings);
  };
  const tensor = await tensorOf("series");
  expect(new Set(tensor).size).toBeGreaterThan(1000);
  expect(tensor).toEqual(await tensorOf("series.nii.gz"));
});

test("slices in lossless JPEG have the values that were encoded, also in several parts and with a sign", async () => {
  const series = join(folder, "jpeg");
  mkdirSync(series);
  const values = Array.from({ length: 12 }, (_, index) => 341 * index);
  const jpeg = encodeJpeg({ rows: 3, columns: 4, precision: 12, values }, { predictor: 1 });
  const parts = [jpeg.subarray(0, 80), jpeg.subarray(80)];
  for (const [z, pixels] of [encapsulated([jpeg]), encapsulated(parts)].entries()) {
    const about = { claimed: "1.2.840.10008.1.2.4.70", stored: 12, slope: null, position: [0, 0, z], pixels };
    writeFileSync(join(series, String(z)), dicomFile({ ...about, elements: { "7fe00010": ["OB", pixels] } }));
  }
  const read = await readWhole(series);
  if (read.kind === "failed") throw new Error(read.problem[0].message);
  const signed = values.map((value) => (value < 2048 ? value : value - 4096));
  expect([...read.value.values]).toEqual([...signed, ...signed]);
});

test("every damaged file is named", async () => {
  const damaged = join(folder, "damaged");
  cpSync(join(fixture, "series"), damaged, { recursive: true });
  for (const name of ["IM0001", "IM0005"]) {
    const path = join(damaged, name);
    writeFileSync(path, readFileSync(path).subarray(0, 400));
  }
  const read = await readWhole(damaged);
  const found = read.kind === "failed" ? read.problem : [];
  expect(found.map(({ message }) => message.slice(0, 8))).toEqual(["`IM0001`", "`IM0005`"]);
});
