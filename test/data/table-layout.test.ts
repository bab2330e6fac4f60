import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, table } from "./data-folder.ts";

const training: DatasetNeeds = { files: [null], texts: [null], labels: null, split: "train" };
const images = { "a.png": "", "b.png": "", "c.png": "" };

/** What comes of a folder with a table `t.csv` and three files. */
async function open(rows: string, needs = training, settings = {}) {
  const folder = dataFolder({ ...images, "t.csv": rows });
  const found = await openDataset(folder, { ...defaultData, table: "t.csv", ...settings }, needs);
  const below = (text: string): string => text.replaceAll(`${folder}/`, "").replaceAll(folder, "DATA");
  return {
    examples: found.examples,
    names: found.examples.map(({ name }) => name),
    texts: found.examples.map(({ texts }) => texts.join("|")),
    problems: found.problems.map(({ subject, message }) => below(`${subject}: ${message}`)),
    notes: found.notes.map(below),
  };
}

test("open_clip's tables are read as they are: tabs, `filepath` and `title`", async () => {
  const folder = dataFolder({
    ...images,
    "captions.tsv": table("filepath\ttitle", "b.png\tA cat, asleep", "a.png\tA dog"),
  });
  const { examples, problems } = await openDataset(join(folder, "captions.tsv"), defaultData, training);
  expect(problems).toEqual([]);
  expect(examples.map(({ name, file, texts }) => [name, file, texts])).toEqual([
    ["a.png", join(folder, "a.png"), ["A dog"]],
    ["b.png", join(folder, "b.png"), ["A cat, asleep"]],
  ]);
});

test("several columns make one text, and several texts an example; blank parts are left out", async () => {
  const rows = table("filepath,findings,impression", "a.png,Clear.,Normal.", "b.png,,Effusion.");
  const needs = { ...training, texts: [null, ["impression"]] };
  const joined = await open(rows, needs, { text: ["findings", "impression"], textSeparator: " / " });
  expect(joined.texts).toEqual(["Clear. / Normal.|Normal.", "Effusion.|Effusion."]);
});

test("an example has several files, from columns that inputs name", async () => {
  const rows = table("filepath,before,title", "a.png,b.png,One", "b.png,c.png,Two");
  const { examples } = await open(rows, { ...training, files: [null, "before"] });
  expect(
    examples.map(({ files }) => files.map((file) => (typeof file === "string" ? file.slice(-5) : file.name))),
  ).toEqual([
    ["a.png", "b.png"],
    ["b.png", "c.png"],
  ]);
});

test("images with several captions have several rows, with names of their own", async () => {
  const { names } = await open(table("filepath,title", "a.png,One", "a.png,Two", "b.png,Three"));
  expect(names).toEqual(["a.png", "a.png#2", "b.png"]);
});

describe("splits", () => {
  const rows = table("filepath,title,split", "a.png,A,train", "b.png,B,val", "c.png,C,test");
  const held: DatasetNeeds = { ...training, split: "valid" };

  test("are what a column says", async () => {
    expect((await open(rows)).names).toEqual(["a.png"]);
    expect(await open(rows, held)).toMatchObject({
      names: ["b.png"],
      notes: ["1 row is not used: split is `test`"],
    });
  });

  test("have the names that the spec gives them", async () => {
    expect((await open(rows, held, { valid: "test" })).names).toEqual(["c.png"]);
  });

  test("are two tables", async () => {
    const folder = dataFolder({
      ...images,
      "t.csv": table("filepath,title", "a.png,A"),
      "v.csv": table("filepath,title", "b.png,B"),
    });
    const settings = { ...defaultData, table: "t.csv", validTable: "v.csv" };
    const names = async (needs: DatasetNeeds) =>
      (await openDataset(folder, settings, needs)).examples.map(({ name }) => name);
    expect(await names(training)).toEqual(["a.png"]);
    expect(await names(held)).toEqual(["b.png"]);
    expect(await names({ ...training, split: "all" })).toEqual(["a.png", "b.png"]);
  });

  test("without a column all rows are trained on, and nothing is held out", async () => {
    const plain = table("filepath,title", "a.png,A", "b.png,B");
    expect((await open(plain)).names).toEqual(["a.png", "b.png"]);
    expect((await open(plain, held)).problems).toEqual(["t.csv: no row is held out: it has no column `split`"]);
  });
});

test("labels are columns by class, and cells that are missing are counted", async () => {
  const rows = table("filepath,title,Nodule,Mass", "a.png,A,1,0", "b.png,B,,-1", "c.png,C,0,2");
  const { examples, problems, notes } = await open(rows, { ...training, labels: ["Mass", "Nodule"] });
  expect(examples.map(({ labels }) => [...(labels ?? [])])).toEqual([
    [
      ["Mass", false],
      ["Nodule", true],
    ],
    [
      ["Mass", null],
      ["Nodule", null],
    ],
  ]);
  expect(problems).toEqual(["t.csv: line 4: its label for `Mass` is `2`, but 0 or 1 is expected (`c.png`)"]);
  expect(notes).toHaveLength(2);
});

describe("a wrong row is named, and the others are read", () => {
  test.each([
    ["no path", ",A", "its `filepath` is empty"],
    ["a path that leaves the folder", "../x.png,A", "its `filepath` is `../x.png`, which is not in DATA"],
    ["an absolute path elsewhere", "/etc/passwd,A", "its `filepath` is `/etc/passwd`, which is not in DATA"],
    ["a file that is not there", "z.png,A", "its `filepath` is `z.png`, which does not exist"],
    ["no text", "c.png, ", "its text is empty: nothing in `title` (`c.png`)"],
  ])("%s", async (_, row, message) => {
    const { names, problems } = await open(table("filepath,title", "a.png,A", row, "b.png,B"));
    expect(names).toEqual(["a.png", "b.png"]);
    expect(problems).toEqual([`t.csv: line 3: ${message}`]);
  });

  test("a column that is needed and not there, with the nearest", async () => {
    const folder = dataFolder({ ...images, "t.csv": table("filepath,titel", "a.png,A") });
    const { problems } = await openDataset(folder, { ...defaultData, table: "t.csv" }, training);
    expect(problems).toMatchObject([{ message: "line 1: it has no column `title`", help: "did you mean `titel`?" }]);
  });

  test("a table that is not there, or a folder", async () => {
    const folder = dataFolder({});
    mkdirSync(join(folder, "d.csv"));
    writeFileSync(join(folder, "e.csv"), "");
    for (const name of ["none.csv", "d.csv", "e.csv"]) {
      const { examples, problems } = await openDataset(folder, { ...defaultData, table: name }, training);
      expect(examples).toEqual([]);
      expect(problems[0]?.subject).toBe(join(folder, name));
    }
  });
});
