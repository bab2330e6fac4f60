import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { fileState } from "../../runtime/data/cache.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { type Dataset, openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, table } from "./data-folder.ts";

const one = "train_1_a_1.nii.gz";
const two = "train_2_a_1.nii.gz";
const needs: DatasetNeeds = { files: [null], texts: [], labels: null, split: "train" };

function metadata(...names: readonly string[]): string {
  return table(metadataHeader, ...names.map((name) => `${name},${plainMetadata}`));
}

async function open(folder: string) {
  const { examples, problems, notes }: Dataset = await openDataset(folder, defaultData, needs);
  const below = (text: string): string => text.replaceAll(`${folder}/`, "");
  return {
    files: examples.map(({ file }) => below(file)),
    problems: problems.map(({ subject, message }) => below(`${subject}: ${message}`)),
    notes: notes.map(below),
  };
}

/** A cache as the hub's client makes it, with one snapshot of links, whose path is given. */
function hubCache(repository = "datasets--owner--ct"): string {
  const cache = dataFolder({
    [`${repository}/blobs/aaaa`]: "volume",
    [`${repository}/blobs/bbbb`]: metadata(one),
    [`${repository}/refs/main`]: "0a1b2c",
    "elsewhere/x.nii.gz": "another",
  });
  const snapshot = join(cache, repository, "snapshots/0a1b2c");
  mkdirSync(join(snapshot, "train"), { recursive: true });
  symlinkSync("../../../blobs/aaaa", join(snapshot, "train", one));
  symlinkSync("../../blobs/bbbb", join(snapshot, "m.csv"));
  return snapshot;
}

describe("a cache of the Hugging Face hub", () => {
  test("is read through its links, whose names are those of volumes", async () => {
    expect(await open(hubCache())).toEqual({ files: [`train/${one}`], problems: [], notes: [] });
  });

  test("is read from a folder within a snapshot, from the whole cache, and through a link to it", async () => {
    const snapshot = hubCache();
    symlinkSync("../../../blobs/bbbb", join(snapshot, "train/m.csv"));
    expect(await open(join(snapshot, "train"))).toEqual({ files: [one], problems: [], notes: [] });
    const whole = await open(join(snapshot, "../.."));
    expect([whole.files, whole.problems]).toEqual([[`snapshots/0a1b2c/train/${one}`], []]);
    const other = join(dataFolder({}), "data");
    symlinkSync(snapshot, other);
    expect(await open(other)).toEqual({ files: [`train/${one}`], problems: [], notes: [] });
  });

  test("has no links that lead out of it, or nowhere", async () => {
    const snapshot = hubCache();
    symlinkSync("../../../../elsewhere/x.nii.gz", join(snapshot, "train", two));
    symlinkSync("/etc", join(snapshot, "etc"));
    symlinkSync("../../../blobs/cccc", join(snapshot, "train/train_3_a_1.nii.gz"));
    const { files, notes } = await open(snapshot);
    expect(files).toEqual([`train/${one}`]);
    expect(notes).toEqual([
      "2 symbolic links were not followed, such as etc: copy the data with `cp -rL`, or name the folder that they lead to",
      "1 symbolic link leads nowhere, such as train/train_3_a_1.nii.gz: download or copy the data again",
    ]);
  });

  test("is not what only looks like one", async () => {
    expect((await open(hubCache("my-data"))).files).toEqual([]);
    const snapshot = hubCache();
    const blobs = join(snapshot, "../../blobs");
    renameSync(blobs, join(snapshot, "../../../moved"));
    symlinkSync("../moved", blobs);
    expect((await open(snapshot)).files).toEqual([]);
  });

  test("is cached by the state of the blob", () => {
    const file = join(hubCache(), "train", one);
    const before = fileState(file);
    writeFileSync(join(file, "../../../../blobs/aaaa"), "other content");
    expect(fileState(file)?.numbers).not.toBe(before?.numbers);
  });
});

describe("links within a data folder", () => {
  test("are followed to files and folders, and end where they form a cycle", async () => {
    const folder = dataFolder({ ".annex/1/k1": "a", ".annex/2/train_2_a_1.nii.gz": "b", "m.csv": metadata(one, two) });
    symlinkSync(".annex/1/k1", join(folder, one));
    symlinkSync(".annex/2", join(folder, "more"));
    symlinkSync("..", join(folder, ".annex/2/up"));
    symlinkSync(".", join(folder, "loop"));
    symlinkSync("b", join(folder, "a"));
    symlinkSync("a", join(folder, "b"));
    const { files, problems, notes } = await open(folder);
    expect([files, problems]).toEqual([[one, `more/${two}`], []]);
    expect(notes).toEqual(["2 symbolic links lead nowhere, such as a: download or copy the data again"]);
  });

  test("do not make a second volume or table of a file, and another name makes one", async () => {
    const folder = dataFolder({ [`z/${one}`]: "a", "z/raw.nii.gz": "b", "z/m.csv": metadata(one, two) });
    mkdirSync(join(folder, "a"));
    symlinkSync(`../z/${one}`, join(folder, "a", one));
    symlinkSync("../z/m.csv", join(folder, "a/m.csv"));
    symlinkSync("../z/raw.nii.gz", join(folder, "a", two));
    symlinkSync("z", join(folder, "again"));
    const { files, problems } = await open(folder);
    expect([files, problems]).toEqual([[`z/${one}`, `a/${two}`], []]);
  });

  test("to different files of one name are two places", async () => {
    const folder = dataFolder({ [`a/${one}`]: "a", "b/x": "b", "m.csv": metadata(one) });
    symlinkSync("x", join(folder, "b", one));
    const { files, problems } = await open(folder);
    expect(files).toEqual([]);
    expect(problems[0]).toBe(`b/${one}: the volume \`${one}\` is in two places; the other is a/${one}`);
  });
});

describe("names of files", () => {
  test.each([
    ["train_1_a_1.NII.GZ", "train_1_a_1.nii.gz"],
    ["train_1_a_1.Nii.gz", "train_1_a_1.NII"],
    ["train_1_a_1.NII", "train_1_a_1.nii.gz"],
    ["train_1_a_1.nii.gz", "train_1_a_1.NII.GZ"],
  ])("%s is the volume that a table calls %s", async (name, inTable) => {
    const folder = dataFolder({ [name]: "", "M.CSV": metadata(inTable) });
    expect(await open(folder)).toEqual({ files: [name], problems: [], notes: [] });
  });

  test("endings in different letter case are two places", async () => {
    const folder = dataFolder({ "train_1_a_1.NII.GZ": "", "x/train_1_a_1.nii": "", "m.csv": metadata(one) });
    const { files, problems } = await open(folder);
    expect(files).toEqual([]);
    expect(problems[0]).toContain("is in two places");
  });

  test("the rest of a name is what it is, and a row that differs in letter case alone is shown beside it", async () => {
    const folder = dataFolder({ [one]: "", "m.csv": metadata(one, "TRAIN_1_a_1.nii.gz") });
    const { files, notes } = await open(folder);
    expect(files).toEqual([one]);
    expect(notes).toEqual([
      `m.csv: rows of volumes that are not in the folder: 1 of 2, such as \`TRAIN_1_a_1.nii.gz\`; the folder has \`${one}\``,
    ]);
  });

  test("data that is not read is counted by its ending", async () => {
    const others = [
      "a.nrrd",
      "b.NRRD",
      "c.nii.bz2",
      "d.mha",
      "e.dcm",
      "f.zip",
      "labels.csv.gz",
      "t.xlsx",
      "readme.txt",
    ];
    const folder = dataFolder({
      ...Object.fromEntries(others.map((name) => [`x/${name}`, ""])),
      [one]: "",
      "m.csv": metadata(one),
      "1/2/3/4/deep.csv": metadata(one),
    });
    const { files, notes } = await open(folder);
    expect(files).toEqual([one]);
    expect(notes).toEqual([
      "1 table was not read: deeper than 4 levels",
      "files that are not read: 1 *.csv.gz, 1 *.dcm, 1 *.mha, 1 *.nii.bz2, 2 *.nrrd, 1 *.xlsx, 1 *.zip",
    ]);
  });
});
