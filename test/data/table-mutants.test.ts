import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { type Example, openDataset } from "../../runtime/data/open-dataset.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";
import { mutate } from "./mutate.ts";

const count = mutantCount(500);

test(`${count} mutants of tables give examples that keep every rule, or problems that name a file, and never throw`, async () => {
  const names = ["train_1_a_1.nii.gz", "train_2_a_1.nii.gz", "train_3_a_1.nii.gz"];
  const folder = dataFolder(volumes(...names));
  const tables = new Map([
    ["m.csv", table(metadataHeader, ...names.map((name) => `${name},${plainMetadata}`))],
    ["r.csv", table(reportsHeader, ...names.map((name) => `${name},"Clear, ""quoted""\r\nlungs.",Not given.`))],
    ["l.csv", table("VolumeName,Emphysema,Lung nodule", ...names.map((name) => `${name},0,1`))],
  ]);
  const random = new Random(7);
  const failures: unknown[] = [];
  const isWhole = ({ name, file, metadata, texts, labels }: Example) =>
    names.includes(name) &&
    file.startsWith(folder) &&
    metadata !== null &&
    [metadata.slope, metadata.intercept, metadata.xySpacing, metadata.zSpacing].every(Number.isFinite) &&
    metadata.slope !== 0 &&
    Math.min(metadata.xySpacing ?? 0, metadata.zSpacing ?? 0) > 0 &&
    /^[^"'()]*[^\s"'()][^"'()]*$/.test(texts[0] ?? "") &&
    [...(labels?.keys() ?? [])].join() === "Emphysema,Lung nodule";
  let [whole, refused] = [0, 0];
  for (let index = 0; index < count; index++) {
    const changed = random.pick([...tables.keys()]);
    for (const [name, text] of tables) {
      const content = Buffer.from(text);
      writeFileSync(join(folder, name), name === changed ? mutate(content, random) : content);
    }
    const { examples, problems } = await openDataset(folder, defaultData, {
      files: [null],
      texts: [null],
      labels: ["Emphysema", "Lung nodule"],
      split: "train",
    });
    const wrong = [
      ...examples.filter((example) => !isWhole(example)),
      ...problems.filter(({ subject, message }) => !subject.startsWith(folder) || message === ""),
      ...(examples.length === names.length || problems.length > 0 ? [] : ["an example is missing without a word"]),
    ];
    if (wrong.length > 0) failures.push({ index, wrong });
    whole += Number(problems.length === 0);
    refused += Number(problems.length > 0);
  }
  expect(failures).toEqual([]);
  expect(whole).toBeGreaterThan(count / 20);
  expect(refused).toBeGreaterThan(count / 4);
});
