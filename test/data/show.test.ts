import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import { run } from "../../runtime/cli/program.ts";
import { encodePng } from "../../runtime/data/index.ts";
import { drawPlanes } from "../../runtime/data/planes.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack } from "../../runtime/data/transforms/index.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { dataFolder, metadataHeader, table } from "./data-folder.ts";
import { dicomFile } from "./dicom-bytes.ts";
import { niftiFile } from "./nifti-file.ts";
import { decodePng } from "./png-pixels.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-show-"));
afterAll(() => rmSync(folder, { recursive: true }));
const output = join(folder, "volume.png");
const size = [6, 8, 10] as const;
const spec = join(folder, "small.vlm");
writeFileSync(
  spec,
  `import "specs/ctclip/ctvit"
model m { encoder vision = ctvit(volume = [8, 8, 8], patch = [2, 4, 4], dim = 8, heads = 1, dim_head = 8, spatial_depth = 1, temporal_depth = 1, codebook = 4) }
data { size = [${size.join(", ")}], spacing = [1, 0.5, 0.5], window = [-100, 100] }
`,
);

describe("a picture", () => {
  test("as a PNG file has its pixels", () => {
    const pixels = Uint8Array.from({ length: 300 * 7 }, (_, index) => (index * index) % 256);
    const read = decodePng(Buffer.from(encodePng({ width: 300, height: 7, pixels })));
    expect([read.width, read.height]).toEqual([300, 7]);
    expect(read.pixels.equals(pixels)).toBe(true);
  });

  test("in colours too", () => {
    const pixels = Uint8Array.from({ length: 5 * 7 * 3 }, (_, index) => (index * 11) % 256);
    const read = decodePng(Buffer.from(encodePng({ width: 5, height: 7, pixels, isColour: true })));
    expect([read.width, read.height]).toEqual([5, 7]);
    expect(read.pixels.equals(pixels)).toBe(true);
  });

  test("has the middle slice across each axis, and a row of them for each window", () => {
    // Each value is its index, so that a pixel says which voxel it is.
    const count = 2 * 3 * 4;
    const values = Float32Array.from({ length: 2 * count }, (_, index) => index);
    const { width, height, pixels } = drawPlanes(values, [2, 3, 4], [0, 255]);
    const _ = 128;
    expect([width, height]).toEqual([4 + 4 + 4 + 4 + 3, 3 + 4 + 3]);
    const rows = Array.from({ length: height }, (_, row) => [...pixels.subarray(row * width, (row + 1) * width)]);
    const first = [
      [12, 13, 14, 15, _, _, _, _, 4, 5, 6, 7, _, _, _, _, 2, 6, 10],
      [16, 17, 18, 19, _, _, _, _, 16, 17, 18, 19, _, _, _, _, 14, 18, 22],
      [20, 21, 22, 23, ...Array<number>(15).fill(_)],
    ];
    expect(rows.slice(0, 3)).toEqual(first);
    expect(rows[3]).toEqual(Array(19).fill(_));
    expect(rows[7]?.slice(0, 4)).toEqual([36, 37, 38, 39]);
  });
});

async function show(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { terminal, said } = listeningTerminal();
  const code = await run(["data", "show", ...words], terminal);
  return { code, out: said.out.replaceAll(folder, "."), err: said.err.replaceAll(folder, ".") };
}

const slice = (z: number): Buffer =>
  dicomFile({
    position: [0, 0, z],
    spacing: [0.5, 0.5],
    values: Array.from({ length: 12 }, (_, i) => 930 + 12 * i + z),
  });
const series = { "train_1/1": slice(0), "train_1/2": slice(1), "train_1/3": slice(2) };

test("`data show` draws what the network sees of a DICOM folder", async () => {
  const volume = join(dataFolder(series), "train_1");
  const shown = await show(volume, "--spec", spec, "-o", output);
  expect([shown.code, shown.err]).toEqual([0, ""]);
  const values = unpack(await preprocessed(volume), settings);
  const { width, height, pixels } = decodePng(readFileSync(output));
  expect([width, height]).toEqual([10 + 10 + 8 + 2 * 4, 8]);
  expect(new Set(values).size).toBeGreaterThan(20);
  for (let row = 0; row < 8; row++) {
    for (let column = 0; column < 10; column++) {
      const value = values[(3 * 8 + row) * 10 + column] ?? 0;
      expect(pixels[row * width + column]).toBe(Math.round((255 * (value + 1)) / 2));
    }
  }
  expect(shown.out).toMatch(
    /^\.\/volume\.png: 36 x 8 pixels, the middle slices of 6 x 8 x 10 voxels, values from -1\.000 to 0\.\d+\n$/,
  );
});

test("`data show` does not write over the volume that it draws", async () => {
  const data = dataFolder({ "a.nii": niftiFile({ sizes: [4, 3, 2] }) });
  const before = readFileSync(join(data, "a.nii"));
  const shown = await show(join(data, "a.nii"), "--spec", spec, "-o", join(data, "a.nii"));
  expect(shown.code).toBe(1);
  expect(shown.err).toContain("which it is made of\n  help: name another place for it");
  expect(readFileSync(join(data, "a.nii")).equals(before)).toBe(true);
});

const settings = { ...defaultVolume, size, spacing: [1, 0.5, 0.5], window: [-100, 100] } as const;

async function preprocessed(volume: string) {
  const packed = await preprocessVolume(volume, { slope: 1, intercept: 0, xySpacing: 0.5, zSpacing: 1 }, settings);
  if (packed.kind === "failed") throw new Error(packed.problem.message);
  return packed.value;
}

test("`data show` draws the same grey for the same place in a window, whatever range the network takes", async () => {
  const volume = join(dataFolder(series), "train_1");
  await show(volume, "--spec", spec, "-o", output);
  const first = readFileSync(output);
  const other = join(folder, "other-range.vlm");
  writeFileSync(other, readFileSync(spec, "utf8").replace("data {", "data {\n  range = [0, 1]\n"));
  const shown = await show(volume, "--spec", other, "-o", output);
  expect(shown.out).toContain("values from 0.000 to");
  const [before, after] = [decodePng(first).pixels, decodePng(readFileSync(output)).pixels];
  expect(Math.max(...before.map((grey, place) => Math.abs(grey - (after[place] ?? 0))))).toBeLessThanOrEqual(1);
});

test("`data show --data` takes a volume's name, and its metadata", async () => {
  const data = dataFolder({
    ...series,
    "a/train_2.nii": niftiFile({ sizes: [4, 3, 2] }),
    "m.csv": table(metadataHeader, `train_2.nii,2,10,"[0.5, 0.5]",1`),
  });
  const named = await show("train_2.nii", "--data", data, "--spec", spec, "-o", output);
  expect([named.code, named.err]).toEqual([0, expect.not.stringContaining("error")]);
  const first = readFileSync(output);
  expect((await show(join(data, "a/train_2.nii"), "--data", data, "--spec", spec, "-o", output)).code).toBe(0);
  expect(readFileSync(output).equals(first)).toBe(true);
  // Slices say themselves what a table says of other volumes.
  expect((await show("train_1", "--data", data, "--spec", spec, "-o", output)).code).toBe(0);
  const unknown = await show("train_7", "--data", data, "--spec", spec, "-o", output);
  expect([unknown.code, unknown.err]).toEqual([
    1,
    expect.stringContaining("it contains no volume `train_7` with metadata"),
  ]);
});

test("`data show` says why there is nothing to show", async () => {
  const data = dataFolder({ "train_1/1.dcm": slice(0), "train_1/2.dcm": slice(0), "empty/README": "text" });
  const twice = await show(join(data, "train_1"), "--spec", spec, "-o", output);
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining("2 of its slices are at the same place")]);
  const empty = await show(join(data, "empty"), "--spec", spec, "-o", output);
  expect([empty.code, empty.err]).toEqual([
    1,
    expect.stringContaining("it contains no DICOM slices, but 1 file that is not DICOM"),
  ]);
  const none = await show(join(data, "missing"), "--spec", spec, "-o", output);
  expect([none.code, none.err]).toEqual([1, expect.stringContaining("it does not exist")]);
});
