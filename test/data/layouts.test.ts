import { describe, expect, test } from "vitest";
import { type DataSettings, defaultData } from "../../compiler/index.ts";
import type { DatasetLayout } from "../../runtime/data/dataset.ts";
import { type LayoutName, layoutOf, layouts } from "../../runtime/data/layouts/list.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";
import { npyFile, tarFile } from "./tar-file.ts";

/**
 * The same data set in each layout: patients 2 and 10 to train on, whose reports are `Two.` and `Ten.`, and patient 1 held out,
 * who has a nodule. `spoil` takes away what is said of patient 10.
 */
interface Sample {
  readonly settings: DataSettings;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly spoil: (files: Record<string, string | Uint8Array>) => void;
}

const [two, ten, one] = ["train_2_a_1.nii.gz", "train_10_a_1.nii.gz", "valid_1_a_1.nii.gz"];

function pathOf(name: string): string {
  return Object.keys(volumes(name))[0] ?? "";
}

const rows = [`${pathOf(one)},One.,valid,1`, `${pathOf(two)},Two.,train,0`];

const samples: Readonly<Record<LayoutName, Sample>> = {
  shards: {
    settings: defaultData,
    files: {
      "ct-0.tar": shardWith([
        [ten, "Ten."],
        [two, "Two."],
      ]),
    },
    spoil: (files) => {
      files["ct-0.tar"] = shardWith([[two, "Two."]]);
    },
  },
  table: {
    settings: { ...defaultData, table: "chests.csv", file: "ct", text: ["report"] },
    files: {
      ...volumes(ten, two, one),
      "chests.csv": table("ct,report,split,Nodule", ...rows, `${pathOf(ten)},Ten.,train,`),
    },
    spoil: (files) => {
      files["chests.csv"] = table("ct,report,split,Nodule", ...rows, `${pathOf(ten)},,train,`);
    },
  },
  "ct-rate": {
    settings: defaultData,
    files: {
      ...volumes(ten, two, one),
      "metadata.csv": table(metadataHeader, ...[one, two, ten].map((name) => `${name},${plainMetadata}`)),
      "reports.csv": table(reportsHeader, `${two},Two.,`, `${ten},Ten.,`),
      "labels.csv": table("VolumeName,Nodule", `${one},1`),
    },
    spoil: (files) => {
      files["reports.csv"] = table(reportsHeader, `${two},Two.,`);
    },
  },
};

function shardWith(reports: readonly (readonly [key: string, text: string])[]): Uint8Array {
  const keys = [two, ten].map((name) => name.replace(".nii.gz", ""));
  return tarFile([
    ...keys.flatMap((key) => {
      const text = reports.find(([of]) => of === `${key}.nii.gz`);
      return [
        { name: `${key}.image.npy`, content: npyFile([1], [0]) },
        ...(text === undefined ? [] : [{ name: `${key}.txt`, content: text[1] }]),
        { name: `${key}.json`, content: '{"split": "train"}' },
      ];
    }),
    { name: "valid_1_a_1.image.npy", content: npyFile([1], [0]) },
    { name: "valid_1_a_1.json", content: '{"split": "valid", "labels": {"Nodule": 1}}' },
  ]);
}

const training = { files: [null], texts: [null], labels: null, split: "train" } as const;
const evaluation = { files: [null], texts: [], labels: ["Nodule"], split: "valid" } as const;

const layoutNamed: ReadonlyMap<string, DatasetLayout> = new Map(Object.entries<DatasetLayout>(layouts));

for (const [name, { settings, files, spoil }] of Object.entries(samples)) {
  describe(`the layout ${name}`, () => {
    const layout = layoutNamed.get(name);
    if (layout === undefined) throw new Error(`there is no layout ${name}`);

    test("recognises its own data sets", async () => {
      expect(await layoutOf(dataFolder(files), settings)).toBe(layout);
    });

    test("gives what is trained on with its reports, in the order in which people count", async () => {
      const { examples, problems } = await openDataset(dataFolder(files), settings, training);
      expect(problems).toEqual([]);
      expect(examples.map(({ texts, labels }) => [texts, labels])).toEqual([
        [["Two."], null],
        [["Ten."], null],
      ]);
    });

    test("gives what is held out with its labels", async () => {
      const { examples, problems } = await openDataset(dataFolder(files), settings, evaluation);
      expect(problems).toEqual([]);
      expect(examples.map(({ texts, labels }) => [texts, labels.get("Nodule")])).toEqual([[[], true]]);
    });

    test("leaves out what lacks a report, and says which it is", async () => {
      const spoilt = { ...files };
      spoil(spoilt);
      const { examples, problems } = await openDataset(dataFolder(spoilt), settings, training);
      expect(examples.map(({ texts }) => texts)).toEqual([["Two."]]);
      expect(problems).toHaveLength(1);
      expect(problems.map(({ subject, message }) => `${subject}: ${message}`)[0]).toContain("10");
    });

    test("says that there is nothing of a split, and of an empty folder", async () => {
      const path = dataFolder(files);
      const listing = await layout.list(path, settings, training);
      for (const split of ["train", "valid"] as const) expect(listing.emptySplit(split).message).not.toBe("");
      const empty = dataFolder({});
      const { examples, problems } = await openDataset(empty, settings, training);
      expect(examples).toEqual([]);
      expect(problems.length).toBeGreaterThan(0);
    });
  });
}
