import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { labelCell, missingLabelNotes } from "../../runtime/data/labels.ts";
import { type Dataset, openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, table, volumes } from "./data-folder.ts";

const names = Array.from({ length: 4 }, (_, index) => `valid_${index + 1}_a_1.nii.gz`);
const classes = ["Emphysema", "Lung nodule"];

/** The labels of four volumes, whose cells are given. */
async function open(rows: readonly string[], labels: DatasetNeeds["labels"] = classes, header = classes.join(",")) {
  const folder = dataFolder({
    ...volumes(...names),
    "m.csv": table(metadataHeader, ...names.map((name) => `${name},${plainMetadata}`)),
    "l.csv": table(`VolumeName,${header}`, ...rows.map((cells, index) => `${names[index]},${cells}`)),
  });
  const needs: DatasetNeeds = { files: [null], texts: [], labels, split: "valid" };
  const { examples, problems, notes }: Dataset = await openDataset(folder, defaultData, needs);
  return {
    labels: examples.map((example) => [...(example.labels?.values() ?? [])]),
    problems: problems.map(({ message }) => message),
    notes: notes.map((note) => note.replaceAll(`${folder}/`, "")),
  };
}

test.each([
  ["present", ["1", "1.0", " 1 "]],
  ["absent", ["0", "0.0"]],
  ["uncertain", ["-1", "-1.0"]],
  ["blank", ["", "  ", "nan", "NaN", "NA", "N/A", "<NA>", "#N/A", "None", "null"]],
  [null, ["2", "-2", "0.5", "yes", "-", "?", "1.00", "True", "+1", "01"]],
])("%s is what these cells say: %j", (cell, texts) => {
  expect(texts.map(labelCell)).toEqual(texts.map(() => cell));
});

describe("single missing labels", () => {
  test("keep the volume and its other labels, and are counted by class", async () => {
    expect(await open(["0,", ",-1", "1,nan", "-1.0,1"])).toEqual({
      labels: [
        [false, null],
        [null, null],
        [true, null],
        [null, true],
      ],
      problems: [],
      notes: [
        "labels missing: 2 cells of `Emphysema` in 2 of 4 volumes (1 blank, 1 uncertain)",
        "labels missing: 3 cells of `Lung nodule` in 3 of 4 volumes (2 blank, 1 uncertain)",
      ],
    });
  });

  test("of a whole column are said to be all", async () => {
    const { labels, notes } = await open(["0,", "1,", "1,", "0,-1"]);
    expect(labels.map(([, nodule]) => nodule)).toEqual([null, null, null, null]);
    expect(notes).toEqual(["labels missing: all 4 cells of `Lung nodule` (3 blank, 1 uncertain)"]);
  });

  test("are counted split by split where both are looked at", async () => {
    const [trained, held, other] = ["train_1.nii.gz", "valid_1.nii.gz", "case_1.nii.gz"];
    const folder = dataFolder({
      ...{ [trained]: "", [held]: "", [other]: "" },
      "l.csv": table("VolumeName,X", `${trained},`, `${held},-1`, `${other},1`),
    });
    const { notes }: Dataset = await openDataset(folder, defaultData, {
      files: [null],
      texts: [],
      labels: ["X"],
      split: "all",
    });
    expect(notes.slice(0, 2)).toEqual([
      "labels missing: 1 cell of `X` in 1 of 1 volumes (1 blank), to train on",
      "labels missing: 1 cell of `X` in 1 of 1 volumes (1 uncertain), held out",
    ]);
  });

  test("do not hide a wrong one", async () => {
    const { labels, problems } = await open(["0,", "1,2", "1,0", "0,0"]);
    expect(labels).toHaveLength(3);
    expect(problems).toEqual([
      `line 3: its label for \`Lung nodule\` is \`2\`, but 0 or 1 is expected (\`${names[1]}\`)`,
    ]);
  });

  test("are not those of volumes that are not wanted", async () => {
    const { notes } = await open(["0,1", "1,1", "1,0", "0,0", ","]);
    expect(notes.filter((note) => note.startsWith("labels"))).toEqual([]);
  });

  test("of many classes are not all listed", () => {
    const rows = [new Map(Array.from({ length: 30 }, (_, index) => [`class ${index}`, "blank"] as const))];
    const notes = missingLabelNotes(rows);
    expect(notes).toHaveLength(21);
    expect([notes[0], notes[20]]).toEqual([
      "labels missing: 1 cell of `class 0` in 1 of 1 volumes (1 blank)",
      "labels missing: cells of 10 more classes",
    ]);
  });
});

describe("any labels", () => {
  test("are known by the first row that says anything, and the rows before it count", async () => {
    const { labels, problems } = await open([",", "nan,", ",1", "0,-1"], "any");
    expect(labels).toEqual([
      [null, null],
      [null, null],
      [null, true],
      [false, null],
    ]);
    expect(problems).toEqual([]);
  });

  test("are not in a table whose first words come after blank cells", async () => {
    const { problems, notes } = await open([",", ",see the report", "1,0", "0,0"], "any", "Emphysema,Remark");
    expect(problems.slice(0, 1)).toEqual(["there is no CSV table with the columns `VolumeName`"]);
    expect(notes).toEqual([
      "l.csv is not used: it is not a metadata, reports or labels table; its columns are `VolumeName`, `Emphysema`, `Remark`",
    ]);
  });
});
