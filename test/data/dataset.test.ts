import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { type Dataset, openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";

const one = "train_1_a_1.nii.gz";
const two = "train_2_a_1.nii.gz";
const onlyMetadata: DatasetNeeds = { files: [null], texts: [], labels: null, split: "train" };
const withReports: DatasetNeeds = { ...onlyMetadata, texts: [null] };
const classes = ["Emphysema", "Lung nodule"];
const withLabels: DatasetNeeds = { ...onlyMetadata, labels: classes };

function metadata(...names: readonly string[]): string {
  return table(metadataHeader, ...names.map((name) => `${name},${plainMetadata}`));
}

/** Opens a folder and shows paths as they stand below it. */
async function open(files: Readonly<Record<string, string>>, needs = onlyMetadata): Promise<Dataset> {
  return await openAt(dataFolder(files), needs);
}

async function openAt(folder: string, needs = onlyMetadata, settings = defaultData): Promise<Dataset> {
  const { examples, problems, notes, orientation } = await openDataset(folder, settings, needs);
  const below = (text: string) => text.replaceAll(`${folder}/`, "").replaceAll(folder, ".");
  return {
    examples: examples.map((each) => ({
      ...each,
      file: below(each.file),
      files: each.files.map((file) => (typeof file === "string" ? below(file) : file)),
    })),
    problems: problems.map((each) => ({ ...each, subject: below(each.subject), message: below(each.message) })),
    notes: notes.map(below),
    orientation,
  };
}

function said({ problems }: Dataset): readonly string[] {
  return problems.map(({ subject, message }) => `${subject}: ${message}`);
}

function names({ examples }: Dataset): readonly string[] {
  return examples.map(({ name }) => name);
}

describe("a data set as it should be", () => {
  test("volumes, metadata, reports and labels are joined by name, with columns in any order and tables of any name", async () => {
    const { examples, problems, notes } = await open(
      {
        ...volumes(one),
        "tables/a.csv": table(
          "ZSpacing,Other,XYSpacing,VolumeName,RescaleIntercept,RescaleSlope",
          `2.5,x,"[0.7, 0.7]",${one},-8192,1e0`,
        ),
        "b.csv": table("Impressions_EN,VolumeName,Findings_EN", `"No ""nodule"" (1).",${one},Clear lungs.`),
        "c.CSV": table("VolumeName,Lung nodule,Age,Emphysema", `${one},1,63,0.0`),
      },
      { files: [null], texts: [null], labels: classes, split: "train" },
    );
    expect([problems, notes]).toEqual([[], []]);
    expect(examples).toEqual([
      {
        name: one,
        file: `train/train_1/train_1_a/${one}`,
        files: [`train/train_1/train_1_a/${one}`],
        metadata: { slope: 1, intercept: -8192, xySpacing: 0.7, zSpacing: 2.5 },
        texts: ["Clear lungs.No nodule 1."],
        labels: new Map([
          ["Emphysema", false],
          ["Lung nodule", true],
        ]),
      },
    ]);
  });

  test("what is not asked for is not read", async () => {
    const { examples, problems } = await open({
      ...volumes(one),
      "m.csv": metadata(one),
      "r.csv": table(reportsHeader, `${one},"open`),
    });
    expect(problems).toEqual([]);
    expect(examples.map(({ texts, labels }) => [texts, labels])).toEqual([[[], null]]);
  });

  test("examples are sorted as people count", async () => {
    const many = ["train_10_a_1.nii.gz", "train_9_b_1.nii.gz", "train_9_a_10.nii.gz", "train_9_a_2.nii.gz"];
    const found = await open({ ...volumes(...many), "m.csv": metadata(...many) });
    expect(names(found)).toEqual([many[3], many[2], many[1], many[0]]);
  });

  test("several tables of a kind are joined, and a table may be of several kinds", async () => {
    const found = await open(
      {
        ...volumes(one, two),
        "first.csv": table(`${metadataHeader},Findings_EN,Impressions_EN`, `${one},${plainMetadata},First.,Not given.`),
        "second.csv": table(
          `${metadataHeader},Findings_EN,Impressions_EN`,
          `${two},${plainMetadata},Not given.,Second.`,
        ),
      },
      withReports,
    );
    expect(found.problems).toEqual([]);
    expect(found.examples.map(({ texts }) => texts)).toEqual([["First."], ["Second."]]);
  });

  test("the split of a volume is what its name starts with", async () => {
    const held = "valid_1_a_1.nii.gz";
    const folder = dataFolder({ ...volumes(one, held), "m.csv": metadata(one, held) });
    expect(names(await openAt(folder))).toEqual([one]);
    expect(names(await openAt(folder, { ...onlyMetadata, split: "valid" }))).toEqual([held]);
    expect(names(await openAt(folder, { ...onlyMetadata, split: "all" }))).toEqual([one, held]);
    const rest = { ...defaultData, train: "" };
    expect(names(await openAt(folder, onlyMetadata, rest))).toEqual([one]);
    expect(names(await openAt(folder, { ...onlyMetadata, split: "valid" }, rest))).toEqual([held]);
  });

  test("a volume that was unpacked is the one that the tables name", async () => {
    const unpacked = "train_1_a_1.nii";
    const found = await open({ [`x/${unpacked}`]: "", "m.csv": metadata(one) });
    expect([names(found), found.problems]).toEqual([[unpacked], []]);
  });

  test("rows of volumes that are not here are no mistake, and are counted", async () => {
    const found = await open({ ...volumes(one), "m.csv": metadata(two, one, "train_3_a_1.nii.gz") });
    expect([names(found), found.problems]).toEqual([[one], []]);
    expect(found.notes).toEqual([`m.csv: rows of volumes that are not in the folder: 2 of 3, such as \`${two}\``]);
    const none = await open({ ...volumes(one), "m.csv": metadata(one), "n.csv": metadata("train_1_a_1") });
    expect(none.notes).toEqual(["n.csv: rows of volumes that are not in the folder: 1 of 1, such as `train_1_a_1`"]);
  });

  test("any labels are those of the first table that has a 0 or a 1 in each cell of its first row", async () => {
    const files = {
      ...volumes(one, two),
      "a-ages.csv": table("VolumeName,Age", `${one},63`, `${two},1`),
      "b-labels.csv": table("VolumeName,X,__proto__", `${one},0,1`),
      "c-labels.csv": table("VolumeName,__proto__,X", `${two},1,0`),
      "m.csv": metadata(one, two),
    };
    const { examples, problems } = await open(files, { ...onlyMetadata, labels: "any" });
    expect(problems).toEqual([]);
    const labels = [
      ["X", false],
      ["__proto__", true],
    ];
    expect(examples.map((example) => [...(example.labels ?? [])])).toEqual([labels, labels]);
  });
});

describe("where files are looked for", () => {
  test("volumes lie at most 8 levels deep and tables at most 4, and what is deeper is told", async () => {
    const found = await open({
      [`1/2/3/4/5/6/7/${one}`]: "",
      [`1/2/3/4/5/6/7/8/${two}`]: "",
      "1/2/3/m.csv": metadata(one, two),
      "1/2/3/4/m.csv": metadata(one, two),
    });
    expect([names(found), found.problems]).toEqual([[one], []]);
    expect(found.notes[0]).toBe("folders deeper than 8 levels were not looked into");
  });

  test("links that lead out of the folder are not followed, and are counted", async () => {
    const outside = dataFolder({ ...volumes(two), "m.csv": metadata(two) });
    const folder = dataFolder({ ...volumes(one), "m.csv": metadata(one) });
    symlinkSync(outside, join(folder, "outside"));
    symlinkSync(join(outside, "m.csv"), join(folder, "n.csv"));
    const found = await openAt(folder);
    expect([names(found), found.problems]).toEqual([[one], []]);
    expect(found.notes).toEqual([
      "2 symbolic links were not followed, such as n.csv: copy the data with `cp -rL`, or name the folder that they lead to",
    ]);
  });

  test("names that start with a dot are left out", async () => {
    const found = await open({
      ...volumes(one),
      [`train/._${one}`]: "",
      ".copies/m.csv": metadata(one),
      "m.csv": metadata(one),
    });
    expect([names(found), found.problems]).toEqual([[one], []]);
  });

  test("a volume in two places is in none", async () => {
    const found = await open({ ...volumes(one, two), [`copy/${one}`]: "", "m.csv": metadata(one, two) });
    expect(names(found)).toEqual([two]);
    expect(said(found)).toEqual([
      `train/train_1/train_1_a/${one}: the volume \`${one}\` is in two places; the other is copy/${one}`,
    ]);
    expect(found.notes).toEqual([]);
  });

  test("a folder that is not there or has no volume says so", async () => {
    expect(said(await openAt(join(dataFolder({}), "none")))).toEqual([".: it cannot be read: it does not exist"]);
    expect(said(await open({ "m.csv": metadata(one) }))).toEqual([".: it contains no volumes"]);
  });

  test("a split without a volume says what names start with", async () => {
    const found = await open({
      "case_1.nii.gz": "",
      "case_2.nii": "",
      "valid_1.nii": "",
      "m.csv": metadata("case_1.nii.gz"),
    });
    expect(said(found)).toEqual([".: no volume's name starts with `train_`"]);
    expect(found.problems[0]?.help).toBe(
      "names here start with `case_` (2), `valid_` (1); `train` in the data block sets the prefix",
    );
  });
});

describe("what is wrong with tables", () => {
  test("a table that is needed and missing is one problem, not one for each volume", async () => {
    const found = await open(volumes(one, two), { files: [null], texts: [null], labels: classes, split: "train" });
    expect(found.examples).toEqual([]);
    expect(said(found)).toEqual([
      ".: there is no CSV table with the columns `VolumeName`, `RescaleSlope`, `RescaleIntercept`, `XYSpacing`, `ZSpacing`",
      ".: there is no CSV table with the columns `VolumeName`, `Findings_EN`, `Impressions_EN`",
      ".: there is no CSV table with the columns `VolumeName`, `Emphysema`, `Lung nodule`",
    ]);
  });

  test.each<[string, Record<string, string>, DatasetNeeds, string]>([
    [
      "Findings_EN without Impressions_EN",
      { "r.csv": table("VolumeName,Findings_EN", `${one},x`) },
      withReports,
      "r.csv: line 1: a reports table needs the column `Impressions_EN` too",
    ],
    [
      "classes without some",
      { "l.csv": table("VolumeName,Emphysema,lung nodule", `${one},1,1`) },
      withLabels,
      "l.csv: line 1: a labels table needs the column `Lung nodule` too",
    ],
    [
      "a needed column twice",
      { "l.csv": table("VolumeName,Emphysema,Lung nodule,Emphysema", `${one},1,1,0`) },
      withLabels,
      "l.csv: line 1: duplicate column `Emphysema`",
    ],
    [
      "VolumeName twice",
      { "l.csv": table("VolumeName,VolumeName,Emphysema,Lung nodule", `${one},${two},1,0`) },
      withLabels,
      "l.csv: line 1: duplicate column `VolumeName`",
    ],
  ])("a table with %s is refused", async (_, files, needs, rule) => {
    const found = await open({ ...volumes(one), "m.csv": metadata(one), ...files }, needs);
    expect(said(found)).toContain(rule);
    expect(found.examples).toEqual([]);
  });

  test("a class that was written otherwise is offered", async () => {
    const found = await open(
      { ...volumes(one), "m.csv": metadata(one), "l.csv": table("VolumeName,Emphysema,lung nodule", `${one},1,1`) },
      withLabels,
    );
    expect(found.problems[0]?.help).toBe("did you mean `lung nodule`?");
  });

  test("a table with some of a kind's columns is no mistake beside one that has all", async () => {
    const found = await open({
      ...volumes(one),
      "m.csv": metadata(one),
      "z.csv": table("VolumeName,ZSpacing", `${one},1`),
    });
    expect([names(found), found.problems]).toEqual([[one], []]);
  });

  test("other tables are not read, whatever is in them", async () => {
    const found = await open({ ...volumes(one), "m.csv": metadata(one), "notes.csv": 'name,note\nx,"y\n' });
    expect([names(found), found.problems]).toEqual([[one], []]);
  });

  test.each([
    ["../train_1_a_1.nii.gz", "`../train_1_a_1.nii.gz` is a path, but a file name is expected"],
    ["/etc/passwd", "`/etc/passwd` is a path, but a file name is expected"],
    ["a\\b.nii.gz", "`a\\b.nii.gz` is a path, but a file name is expected"],
    ["..", "`..` is a path, but a file name is expected"],
    ["", "the row names no volume"],
  ])("a row of the volume %j is refused", async (name, rule) => {
    const found = await open({ ...volumes(one), "m.csv": metadata(one, name) });
    expect(said(found)).toEqual([`m.csv: line 3: ${rule}`]);
    expect(names(found)).toEqual([one]);
  });

  test("of equal rows for a volume the first counts, and the second is named", async () => {
    const found = await open({ ...volumes(one), "m.csv": metadata(one, one), "n.csv": metadata(one) });
    expect(names(found)).toEqual([one]);
    expect(said(found)).toEqual([
      "m.csv: line 3: a metadata table has a second row for this volume, after line 2, with the same values",
      "n.csv: line 2: a metadata table has a second row for this volume, after m.csv, line 2, with the same values",
    ]);
  });

  test("a volume whose rows differ is left out", async () => {
    const other = table(metadataHeader, `${one},1,0,"[0.75, 0.75]",1.5`);
    const found = await open({ ...volumes(one, two), "m.csv": metadata(one, two), "n.csv": other });
    expect(names(found)).toEqual([two]);
    expect(said(found)).toEqual([
      `n.csv: line 2: a metadata table has a second row for this volume, after m.csv, line 2, with different values (\`${one}\`)`,
    ]);
  });

  test("volumes whose rows may stand in the part of a table that cannot be read are not blamed for it", async () => {
    const found = await open({ ...volumes(one, two), "m.csv": `${metadata(one)}"open` });
    expect(said(found)).toEqual(["m.csv: line 3: the row that starts here has a quote that is never closed"]);
    expect(names(found)).toEqual([one]);
  });

  test("a table with many wrong rows is cut short", async () => {
    const found = await open({ ...volumes(one), "m.csv": metadata(one, ...Array.from({ length: 250 }, () => "../x")) });
    expect(found.problems.length).toBe(101);
    expect(said(found).at(-1)).toBe("m.csv: 150 more of its rows are wrong");
  });
});

describe("what is wrong with a volume's rows", () => {
  test.each([
    ["metadata", onlyMetadata, "no table has the metadata of this volume"],
    ["a report", withReports, "no table has a report of this volume"],
    ["labels", withLabels, "no table has labels of this volume"],
  ])("a volume without %s is left out", async (what, needs, rule) => {
    const files = {
      "m.csv": metadata(one, ...(what === "metadata" ? [] : [two])),
      "r.csv": table(reportsHeader, `${one},x,y`),
      "l.csv": table(`VolumeName,${classes.join(",")}`, `${one},0,1`),
    };
    const found = await open({ ...volumes(one, two), ...files }, needs);
    expect(names(found)).toEqual([one]);
    expect(said(found)).toEqual([`train/train_2/train_2_a/${two}: ${rule}`]);
  });

  test.each([
    ["Not given.", "Not given."],
    ["", ""],
    [" ", "Not given."],
    ['"""()"""', "'"],
  ])("a report of %j and %j is empty", async (findings, impressions) => {
    const reports = table(reportsHeader, `${one},${findings},${impressions}`);
    const found = await open({ ...volumes(one), "m.csv": metadata(one), "r.csv": reports }, withReports);
    expect(said(found)).toEqual([`r.csv: line 2: its report is empty (\`${one}\`)`]);
    expect(found.examples).toEqual([]);
  });

  test.each([
    ["2", "`2`"],
    ["yes", "`yes`"],
    ["-2", "`-2`"],
    ["0.5", "`0.5`"],
    ["?", "`?`"],
    ["0x1", "`0x1`"],
  ])("a label %j is refused", async (label, shown) => {
    const labels = table(`VolumeName,${classes.join(",")}`, `${one},0,${label}`);
    const found = await open({ ...volumes(one), "m.csv": metadata(one), "l.csv": labels }, withLabels);
    expect(said(found)).toEqual([
      `l.csv: line 2: its label for \`Lung nodule\` is ${shown}, but 0 or 1 is expected (\`${one}\`)`,
    ]);
    expect(found.examples).toEqual([]);
  });

  test.each([
    [',-1024,"[1, 1]",1', "its RescaleSlope is empty, but a number is expected"],
    ['0,-1024,"[1, 1]",1', "its RescaleSlope is 0, which makes all voxels equal"],
    ['nan,-1024,"[1, 1]",1', "its RescaleSlope is `nan`, but a number is expected"],
    ['0x10,-1024,"[1, 1]",1', "its RescaleSlope is `0x10`, but a number is expected"],
    ['1,inf,"[1, 1]",1', "its RescaleIntercept is `inf`, but a number is expected"],
    ['1,1e999,"[1, 1]",1', "its RescaleIntercept is `1e999`, but a number is expected"],
    ['1,0,"[0.7, 0.8]",1', "its XYSpacing is `[0.7, 0.8]`: CT-CLIP's resampling needs square voxels"],
    ['1,0,"[1]",1', "its XYSpacing is `[1]`, but two numbers are expected"],
    ['1,0,"[1, 1, 1]",1', "its XYSpacing is `[1, 1, 1]`, but two numbers are expected"],
    ["1,0,0.75,1", "its XYSpacing is `0.75`, but two numbers are expected"],
    ["1,0,,1", "its XYSpacing is empty, but two numbers are expected"],
    ['1,0,"[0, 1]",1', "its XYSpacing is 0, which is not a distance"],
    ['1,0,"[1, -1]",1', "its XYSpacing is -1, which is not a distance"],
    ['1,0,"[1, NaN]",1', "its XYSpacing is `[1, NaN]`, but two numbers are expected"],
    ['1,0,"[1, 1]",0', "its ZSpacing is 0, which is not a distance"],
    ['1,0,"[1, 1]",thick', "its ZSpacing is `thick`, but a number is expected"],
  ])("metadata of %s is refused", async (cells, rule) => {
    const found = await open({ ...volumes(one), "m.csv": table(metadataHeader, `${one},${cells}`) });
    expect(said(found)).toEqual([`m.csv: line 2: ${rule} (\`${one}\`)`]);
    expect(found.examples).toEqual([]);
  });
});
