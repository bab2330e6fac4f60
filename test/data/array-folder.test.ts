import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultData, defaultVolume } from "../../compiler/index.ts";
import { countLabels } from "../../runtime/data/count-labels.ts";
import { ctRate } from "../../runtime/data/layouts/ct-rate/index.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, unstatedMetadata, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { dataFolder, table } from "./data-folder.ts";
import { niftiFile } from "./nifti-file.ts";

const fixture = "test/fixtures/arrays-small/compressed.npz";
/** As make.py there has them: [3 slices, 4 rows, 5 columns]. */
const values = Array.from({ length: 60 }, (_, index) => ((37 * index) % 2001) - 1000);
const settings: VolumeSettings = { ...defaultVolume, units: "hounsfield", spacing: [1, 1, 1], size: [6, 6, 6] };

async function voxelsOf(path: string, asked: VolumeSettings): Promise<Float32Array | string> {
  const read = await preprocessVolume(path, unstatedMetadata, asked);
  return read.kind === "ok" ? unpack(read.value, asked) : read.problem.message;
}

/** Millimetres of the array's columns, rows and slices. */
const spacing = { x: 0.5, y: 1.5, z: 2 } as const;

/** The same voxels in a NIfTI file that states what the array does not: its x leads to the left, its y to the back, its z to the feet. */
function asNifti(): string {
  const sform = [-spacing.x, 0, 0, 0, 0, -spacing.y, 0, 0, 0, 0, -spacing.z, 0];
  return join(dataFolder({ "ct.nii": niftiFile({ type: "int16", sizes: [5, 4, 3], values, sform }) }), "ct.nii");
}

test.each([
  [null, "zxy", [2, 0.5, 1.5]],
  [null, "zyx", [2, 1.5, 0.5]],
  ["LPS", "zxy", [2, 0.5, 1.5]],
  ["RAS", "zyx", [2, 1.5, 0.5]],
  // The network's x is what is stored as z here, and its z what is stored as y.
  ["SLA", "zyx", [1.5, 0.5, 2]],
  ["SLA", "xyz", [2, 0.5, 1.5]],
] as const)(
  "what is assumed of an array gives the voxels of a file that states it, as %s %s",
  async (orientation, axes, along) => {
    const asked = { ...settings, orientation, axes };
    const stated = await voxelsOf(asNifti(), asked);
    const assumed = await voxelsOf(fixture, { ...asked, assumeOrientation: "LPI", assumeSpacing: along });
    expect(assumed).toBeInstanceOf(Float32Array);
    expect(assumed).toEqual(stated);
    expect(new Set<unknown>(assumed).size).toBeGreaterThan(30);
  },
);

test("an array of which nothing is assumed is refused", async () => {
  expect(await voxelsOf(fixture, settings)).toBe("neither a table nor its header states its spacing");
  const unknown = "its orientation is unknown, and LPS is needed: a NumPy array states none";
  expect(await voxelsOf(fixture, { ...settings, orientation: "LPS", assumeSpacing: [1, 1, 1] })).toBe(unknown);
  const asked = { ...settings, assumeSpacing: [2, 1, 1] } as const;
  expect(await voxelsOf(asNifti(), asked)).toEqual(await voxelsOf(asNifti(), settings));
});

const radChest = {
  ...defaultData,
  key: "NoteAcc_DEID",
  assumeSpacing: [0.8, 0.8, 0.8],
  train: "trn",
  valid: "tst",
} as const;

/** Volumes and tables as RAD-ChestCT names them. */
function radChestFolder(): string {
  const folder = dataFolder({
    "CT_Scan_Metadata_Complete_35747.csv": table("NoteAcc_DEID,MRN_DEID,orig_slope", "trn00001,A,1", "tst00001,B,1"),
    "labels.csv": table("NoteAcc_DEID,Nodule,Mass", "trn00001,0,1", "tst00001,1,", "tst00002,1,0", "val00009,0,0"),
  });
  for (const name of ["trn00001", "tst00001", "tst00002"]) cpSync(fixture, join(folder, `${name}.npz`));
  return folder;
}

test("a folder of arrays is a data set whose tables name them in a column of their own", async () => {
  const folder = radChestFolder();
  const needs = { files: [null], texts: [], labels: ["Nodule"], split: "valid" } as const;
  const { examples, problems, notes } = await openDataset(folder, radChest, needs);
  expect(problems).toEqual([]);
  expect(examples.map(({ name, metadata, labels }) => [name, metadata, labels.get("Nodule")])).toEqual([
    ["tst00001.npz", unstatedMetadata, true],
    ["tst00002.npz", unstatedMetadata, true],
  ]);
  expect(notes.filter((note) => note.includes("labels.csv"))).toEqual([
    expect.stringMatching(/labels\.csv: rows of volumes that are not in the folder: 1 of 4, such as `val00009`$/),
  ]);
  const patients = await openDataset(folder, radChest, {
    ...needs,
    texts: [["MRN_DEID"]],
    labels: null,
    split: "train",
  });
  expect(patients.examples.map(({ texts }) => texts)).toEqual([["A"]]);
});

test("labels of whatever columns are there are counted without the column of names", async () => {
  const listing = await ctRate.list(radChestFolder(), radChest, {
    files: [null],
    texts: [],
    labels: "any",
    split: "all",
  });
  const counts = countLabels(listing);
  expect(counts?.classes).toEqual(["Nodule", "Mass"]);
  expect(counts?.splits.map(({ split, counts: [nodule] }) => [split, nodule?.positive])).toEqual([
    ["train", 0],
    ["valid", 2],
  ]);
});

test("without a spacing for them arrays are files that are not read, and the problem says what reads them", async () => {
  const { problems, notes } = await openDataset(
    radChestFolder(),
    { ...radChest, assumeSpacing: null },
    {
      files: [null],
      texts: [],
      labels: null,
      split: "valid",
    },
  );
  expect(problems.map(({ message }) => message)).toEqual(["it contains no volumes"]);
  expect(problems[0]?.help).toContain("`assume_spacing`");
  expect(notes).toContain("files that are not read: 3 *.npz");
});

test("tables without the column of names say which column is missing", async () => {
  const wrong = { ...radChest, key: "NoteAcc" };
  const needs = { files: [null], texts: [], labels: ["Nodule"], split: "valid" } as const;
  const { problems, notes } = await openDataset(radChestFolder(), wrong, needs);
  expect(problems[0]?.message).toContain("no CSV table with the columns `NoteAcc`, `Nodule`");
  expect(notes.join("\n")).toContain("it has no column `NoteAcc`; its columns are `NoteAcc_DEID`");
});
