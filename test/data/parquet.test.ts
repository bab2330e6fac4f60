import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { dataFolder } from "./data-folder.ts";

const written = "test/fixtures/parquet";
const classes = ["whole", "small", "float", "single", "truth", "text", "large"] as const;
const pictures = Object.fromEntries(Array.from({ length: 7 }, (_, number) => [`${number}.png`, ""]));
const needs = { files: [null], texts: [null], labels: classes, split: "train" } as const;
const labels = [true, false, null, true, null, false, true];
const titles = ["One, a chest.", "Zwei ä 日", null, "Four", "Four", "", "Seven\nlines"];

beforeAll(prepareProgram);

/** A data set whose table is in a file. */
async function opened(bytes: Uint8Array, settings = defaultData) {
  const folder = dataFolder({ ...pictures, "table.parquet": bytes });
  const path = join(folder, "table.parquet");
  return { ...(await openDataset(path, settings, needs)), path };
}

describe("a table in Parquet", () => {
  test.each(["snappy", "plain", "pages-2", "brotli", "delta"])(
    "as pyarrow writes it (%s) has its cells",
    async (name) => {
      const { examples, problems, path } = await opened(readFileSync(join(written, `${name}.parquet`)));
      expect(problems.map(({ subject, message }) => [subject, message])).toEqual([
        [path, "row 3: its text is empty: nothing in `title` (`2.png`)"],
        [path, "row 6: its text is empty: nothing in `title` (`5.png`)"],
      ]);
      const sound = [0, 1, 3, 4, 6];
      expect(examples.map((each) => each.name)).toEqual(sound.map((number) => `${number}.png`));
      expect(examples.map(({ texts }) => texts[0])).toEqual(sound.map((number) => titles[number]));
      for (const column of classes) {
        expect(examples.map((each) => each.labels.get(column))).toEqual(sound.map((number) => labels[number]));
      }
    },
  );

  test("has the columns that are asked for, whatever its others hold", async () => {
    const bytes = readFileSync(join(written, "snappy.parquet"));
    const { problems } = await opened(bytes, { ...defaultData, text: ["other"] });
    expect(problems.map(({ message, help }) => [message, help])).toEqual([
      ["its column `other` has lists or several values in a cell", "write a column for each"],
    ]);
    const missing = await opened(bytes, { ...defaultData, text: ["titel"] });
    expect(missing.problems).toMatchObject([{ message: "it has no column `titel`", help: "did you mean `title`?" }]);
  });

  test("without rows has none, and one that is packed otherwise is refused by the name of its packing", async () => {
    const empty = await opened(readFileSync(join(written, "empty.parquet")));
    expect(empty.problems.map(({ message }) => message)).toEqual(["no row is to train on"]);
    const { problems } = await opened(readFileSync(join(written, "lz4.parquet")));
    expect(problems[0]?.message).toMatch(/its column `filepath` is compressed with LZ4\w*, which is not read/);
    const newer = Number(process.versions.node.split(".")[0]) >= 23;
    const zstd = await opened(readFileSync(join(written, "zstd.parquet")));
    if (newer) expect(zstd.examples).toHaveLength(5);
    else expect(zstd.problems[0]?.message).toContain("is compressed with ZSTD, which is not read");
  });

  test.each<[string, Uint8Array, string]>([
    ["nothing", Buffer.from(""), "it is not a Parquet file"],
    ["a text", Buffer.from("filepath,title\n"), "it is not a Parquet file"],
    [
      "its first bytes",
      readFileSync(join(written, "plain.parquet")).subarray(0, 900),
      "it is damaged, or no Parquet file",
    ],
    ["an encrypted footer", Buffer.concat([Buffer.from("PARE"), Buffer.alloc(40)]), "it is encrypted"],
  ])("of which there is %s is refused in words", async (_, bytes, message) => {
    const { problems, examples } = await opened(bytes);
    expect(examples).toEqual([]);
    expect(problems[0]?.message).toContain(message);
  });
});
