import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { type Dataset, openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";

const one = "train_1_a_1.nii.gz";
const two = "train_2_a_1.nii.gz";
const classes = ["Emphysema", "Lung nodule"];
const needs: DatasetNeeds = { files: [null], texts: [null], labels: classes, split: "train" };

const good = {
  ...volumes(one, two),
  "m.csv": table(metadataHeader, `${one},${plainMetadata}`, `${two},${plainMetadata}`),
  "r.csv": table(reportsHeader, `${one},One.,`, `${two},Two.,`),
  "l.csv": table("VolumeName,Emphysema,Lung nodule", `${one},0,1`, `${two},1,0`),
};

/** What comes of a folder with some files other than the good ones. */
async function open(files: Readonly<Record<string, string>>, wanted: DatasetNeeds = needs) {
  const folder = dataFolder({ ...good, ...files });
  const { examples, problems, notes }: Dataset = await openDataset(folder, defaultData, wanted);
  const below = (text: string): string => text.replaceAll(`${folder}/`, "");
  return {
    read: examples.map(({ texts: [report], labels }) => [report, ...(labels?.values() ?? [])]),
    problems: problems.map(({ subject, message }) => below(`${subject}: ${message}`)),
    notes: notes.map(below),
  };
}

const asGood = [
  ["One.", false, true],
  ["Two.", true, false],
];

describe("a table reads the same", () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    ["as it should be", {}, []],
    [
      "with blanks around names",
      { "l.csv": table("VolumeName , Emphysema,\u00A0Lung nodule\u200B", `${one} ,0,1`, ` ${two},1,0`) },
      ["l.csv: ignored blanks around 3 columns, such as `VolumeName `"],
    ],
    [
      "with the index of pandas",
      { "l.csv": table(",VolumeName,Emphysema,Lung nodule", `0,${one},0,1`, `1,${two},1,0`) },
      ["l.csv: ignored 1 column without a name"],
    ],
    [
      "with the index of pandas, read and written again",
      { "l.csv": table("Unnamed: 0,VolumeName,Emphysema,Lung nodule", `0,${one},0,1`, `1,${two},1,0`) },
      ["l.csv: ignored 1 column without a name"],
    ],
    [
      "with an index beside blank rows",
      { "l.csv": table(",VolumeName,Emphysema,Lung nodule", `0,${one},0,1`, "1,,,", `2,${two},1,0`, "3,, ,") },
      ["l.csv: ignored 1 column without a name and 2 blank rows"],
    ],
    [
      "with nameless columns and blank rows at its end",
      { "l.csv": table("VolumeName,Emphysema,Lung nodule,, ", `${one},0,1,,`, `${two},1,0,,`, ",,,,", ",,,,") },
      ["l.csv: ignored 2 columns without a name and 2 blank rows"],
    ],
    [
      "with Excel's first line",
      { "r.csv": `sep=,\n${good["r.csv"]}` },
      ["r.csv: ignored its first line, which names the separator"],
    ],
    [
      "with semicolons and a byte order mark",
      { "l.csv": `\uFEFF${table("VolumeName;Emphysema;Lung nodule", `${one};0;1`, `${two};1;0`)}` },
      ["l.csv: its cells are separated by semicolons"],
    ],
    ["with tabs", { "r.csv": good["r.csv"].replaceAll(",", "\t") }, ["r.csv: its cells are separated by tabs"]],
    [
      "with wanted columns in other letter case or in more words",
      { "r.csv": table("Volume Name,FINDINGS_EN,impressions_en", `${one},One.,`, `${two},Two.,`) },
      [
        "r.csv: the column `Volume Name` is read as `VolumeName`",
        "r.csv: the column `FINDINGS_EN` is read as `Findings_EN`",
        "r.csv: the column `impressions_en` is read as `Impressions_EN`",
      ],
    ],
    [
      "with a column of nearly the same name beside the right one",
      { "l.csv": table("volumename,VolumeName,Emphysema,Lung nodule", `x,${one},0,1`, `y,${two},1,0`) },
      [],
    ],
  ])("%s", async (_, files, notes) => {
    expect(await open(files)).toEqual({ read: asGood, problems: [], notes });
  });

  test("any labels are of no index, whatever it is called", async () => {
    for (const index of ["", "Unnamed: 0", "index", "level_0"]) {
      const files = { "l.csv": table(`${index},VolumeName,Nodule`, `0,${one},0`, `1,${two},1`) };
      const { read, problems } = await open(files, { ...needs, labels: "any" });
      expect([read, problems]).toEqual([
        [
          ["One.", false],
          ["Two.", true],
        ],
        [],
      ]);
    }
  });
});

describe("a table of which nothing is used is named", () => {
  test.each<[string, string, DatasetNeeds, string]>([
    [
      "without names of volumes",
      table("Volume,Findings_EN,Impressions_EN", "x,y,z"),
      needs,
      "it has no column `VolumeName`; its columns are `Volume`, `Findings_EN`, `Impressions_EN`",
    ],
    [
      "with a name that is misspelt",
      table("VolumName,Emphysema,Lung nodule", `${one},0,1`),
      needs,
      "it has no column `VolumeName`; did you mean `VolumName`?",
    ],
    [
      "with two columns that may be meant",
      table("Volume Name,volumename,Emphysema", `${one},${one},0`),
      needs,
      "it has no column `VolumeName`; did you mean `volumename`?",
    ],
    [
      "of classes in other letter case",
      table("VolumeName,emphysema,LUNG NODULE", `${one},0,1`),
      needs,
      "it has neither metadata nor reports nor a column of a class; did you mean `Emphysema` by its column `emphysema`?",
    ],
    [
      "that is a link copied as text",
      "../../blobs/5ac0bb8d",
      needs,
      "it holds the path that a link led to: copy the data again with `cp -rL`",
    ],
    [
      "that is a pointer of Git LFS",
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
      needs,
      "it is a pointer of Git LFS: run `git lfs pull` where the data was cloned",
    ],
    [
      "of anything else",
      table("VolumeName,Age", `${one},63`),
      { ...needs, labels: "any" },
      "it is not a metadata, reports or labels table; its columns are `VolumeName`, `Age`",
    ],
  ])("%s", async (_, content, wanted, why) => {
    const { read, problems, notes } = await open({ "a.csv": content }, wanted);
    expect([read, problems, notes]).toEqual([asGood, [], [`a.csv is not used: ${why}`]]);
  });

  test("unless it is of a kind that is not wanted", async () => {
    const onlyMetadata: DatasetNeeds = { files: [null], texts: [], labels: null, split: "train" };
    expect((await open({ "a.csv": good["r.csv"] }, onlyMetadata)).notes).toEqual([]);
  });

  test("and where there are many, five are named and the others counted", async () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`x${index}.csv`, "a,b\n1,2\n"]));
    const { notes } = await open(many);
    expect(notes).toHaveLength(6);
    expect(notes[0]).toBe("x0.csv is not used: it has no column `VolumeName`; its columns are `a`, `b`");
    expect(notes[5]).toBe("4 more tables are not used");
  });
});
