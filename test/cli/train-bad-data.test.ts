import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { niftiFile } from "../data/nifti-file.ts";
import { prepareProgram } from "./medctc.ts";
import { runHere, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

const name = "train_3_a_1.nii.gz";
const volumeOf = (data: string): string => join(data, "train/train_3/train_3_a", name);

/** Rewrites a table of a data set. */
function edit(data: string, table: string, change: (text: string) => string): void {
  const path = join(data, table);
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

/** A table without the rows of a volume, or with other ones instead. */
const withRow = (volume: string, change: (row: string) => string) => (text: string) =>
  text
    .split(/(?<=\n)/)
    .map((row) => (row.startsWith(volume) ? change(row) : row))
    .join("");

const train = (data: string, folder: string, ...more: readonly string[]) =>
  runHere(small.arguments("train", "-o", folder, ...more, "--data", data));

const spoilt: readonly (readonly [what: string, spoil: (data: string) => void, said: string])[] = [
  ["gzip that is cut off", (data) => truncateSync(volumeOf(data), 5000), `${name}: `],
  ["a header of something else", (data) => writeFileSync(volumeOf(data), Buffer.alloc(4000, 7)), `${name}: `],
  [
    "voxels that are no numbers",
    (data) =>
      writeFileSync(volumeOf(data), niftiFile({ type: "float32", sizes: [4, 4, 4], values: [Number.NaN, 1, 2] })),
    `${name}: `,
  ],
  [
    "a spacing of zero",
    (data) =>
      edit(
        data,
        "train_metadata.csv",
        withRow(name, (row) => row.replace(/"\[[^"]*\]"/, '"[0, 0]"')),
      ),
    "its XYSpacing is 0, which is no distance",
  ],
  [
    "a row twice",
    (data) =>
      edit(
        data,
        "train_metadata.csv",
        withRow(name, (row) => row + row),
      ),
    "train_metadata.csv: ",
  ],
  [
    "a row that is absent",
    (data) =>
      edit(
        data,
        "train_metadata.csv",
        withRow(name, () => ""),
      ),
    name,
  ],
  [
    "a report that is empty",
    (data) =>
      edit(
        data,
        "train_reports.csv",
        withRow(name, () => `${name},,,Not given.,Not given.\n`),
      ),
    name,
  ],
  [
    "a label that is absent",
    (data) =>
      edit(
        data,
        "valid_predicted_labels.csv",
        withRow("valid_2_a_1.nii.gz", () => ""),
      ),
    "valid_2_a_1.nii.gz",
  ],
];

describe.each(spoilt)("%s", (what, spoil, said) => {
  test("is named, and --skip-bad goes on and lists it, the same each time", async () => {
    const data = small.copyOfData();
    spoil(data);
    const refused = await train(data, small.path(`refused ${what}`));
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("error: ");
    expect(refused.err).toContain(said);
    const folders = [small.path(`first ${what}`), small.path(`second ${what}`)];
    for (const folder of folders) {
      const { code, err } = await train(data, folder, "--skip-bad");
      expect([code, err.includes("skipped: "), err.includes(said)]).toEqual([0, true, true]);
      expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("Data that was left out");
    }
    const [first, second] = folders.map((folder) => readFileSync(join(folder, "adapter.safetensors")));
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });
});

test("a table without a column that is needed is named with the column", async () => {
  const data = small.copyOfData();
  edit(data, "train_metadata.csv", (text) => text.replace("ZSpacing", "Other"));
  rmSync(join(data, "validation_metadata.csv"));
  const { code, err } = await train(data, small.path("columnless"));
  expect([code, err.includes("ZSpacing")]).toEqual([1, true]);
  expect(readdirSync(data)).toContain("train_metadata.csv");
});
