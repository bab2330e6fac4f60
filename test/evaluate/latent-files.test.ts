import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { type KeptLatents, latentsToParquet, latentsToSafetensors } from "../../runtime/evaluate/index.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";

const kept: KeptLatents = {
  names: ["a.nii.gz", 'b "é\u2028.nii.gz', "c"],
  images: [Float32Array.of(0.25, -1), Float32Array.of(0.1, 3), Float32Array.of(1e-20, -0)],
  reports: [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)],
  classes: ["Effusion", "image"],
  labels: [
    [true, null],
    [false, true],
    [null, null],
  ],
  about: new Map([["medctc.spec", "abc"]]),
};

test("a safetensors file has the latents, labels with NaN where one is missing, and in its metadata what rows are", () => {
  const bytes = latentsToSafetensors(kept);
  const tensors = readSafetensors("latents.safetensors", bytes);
  const found = [...tensors].map(([name, { dtype, shape, bytes: own }]) => [
    name,
    dtype,
    shape,
    [...new Float32Array(own.slice().buffer)],
  ]);
  expect(found).toEqual([
    ["image", "F32", [3, 2], [0.25, -1, Math.fround(0.1), 3, Math.fround(1e-20), -0]],
    ["text", "F32", [3, 2], [1, 2, 3, 4, 5, 6]],
    ["labels", "F32", [3, 2], [1, Number.NaN, 0, 1, Number.NaN, Number.NaN]],
  ]);
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(header).toHaveProperty("__metadata__", {
    names: JSON.stringify(kept.names),
    classes: '["Effusion","image"]',
    "medctc.spec": "abc",
  });
});

test("without reports and without classes there is no text, and labels have no columns", () => {
  const bytes = latentsToSafetensors({ ...kept, reports: null, classes: [], labels: [[], [], []] });
  const tensors = readSafetensors("latents.safetensors", bytes);
  expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual([
    ["image", [3, 2]],
    ["labels", [3, 0]],
  ]);
});

test("a Parquet file has a row for each volume, and nulls where a label is missing", async () => {
  const bytes = await latentsToParquet(kept);
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file });
  expect(rows).toEqual([
    { VolumeName: "a.nii.gz", image: [0.25, -1], text: [1, 2], Effusion: true, "image (label)": null },
    { VolumeName: kept.names[1], image: [Math.fround(0.1), 3], text: [3, 4], Effusion: false, "image (label)": true },
    { VolumeName: "c", image: [Math.fround(1e-20), -0], text: [5, 6], Effusion: null, "image (label)": null },
  ]);
  const { key_value_metadata: about = [] } = parquetMetadata(file);
  expect(about).toContainEqual({ key: "medctc.spec", value: "abc" });
  expect(about).toContainEqual({ key: "classes", value: '["Effusion","image (label)"]' });
});

test("a Parquet file of more rows than a group has all of them", async () => {
  const count = 10_001;
  const rows = Array.from({ length: count }, (_, row) => row);
  const many = {
    ...kept,
    names: rows.map((row) => `v${row}`),
    images: rows.map((row) => Float32Array.of(row, -row)),
    reports: null,
    labels: rows.map((row) => [row % 2 === 0, row % 3 === 0 ? null : row % 3 === 1]),
  };
  const file = new Uint8Array(await latentsToParquet(many)).buffer;
  expect(parquetMetadata(file).row_groups).toHaveLength(2);
  const found = await parquetReadObjects({ file });
  expect(found).toHaveLength(count);
  expect(found.at(-1)).toEqual({
    VolumeName: "v10000",
    image: [10_000, -10_000],
    Effusion: true,
    "image (label)": true,
  });
  expect(found[9999]).toEqual({ VolumeName: "v9999", image: [9999, -9999], Effusion: false, "image (label)": null });
});
