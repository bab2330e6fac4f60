import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { type Example, openDataset } from "../../runtime/data/open-dataset.ts";
import { loadTokenizer } from "../../runtime/data/tokenizer.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { bertJson, fixtureTokens } from "./bert-json.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";

const count = mutantCount(2000);

const pieces = [
  ...[
    '"',
    ",",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\uFEFF",
    "\\",
    "[",
    "]",
    "{",
    "}",
    ":",
    ";",
    "..",
    "/",
    "0",
    "-1",
    "1e400",
    "NaN",
  ],
  ...[
    "VolumeName",
    "ZSpacing",
    "__proto__",
    "train_1_a_1.nii.gz",
    "Not given.",
    "[PAD]",
    "[SEP]",
    "##",
    "null",
    "é",
    "日",
  ],
];

/** Some bytes changed, cut out, doubled, or put in. */
function mutate(good: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(good);
  for (let edit = 0; edit <= random.below(3); edit++) {
    const at = random.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const piece = Buffer.from(random.pick(pieces));
    const middles = [piece, piece, Buffer.of(random.below(256)), after.subarray(0, random.below(60)), Buffer.alloc(0)];
    const skipped = random.pick([0, 0, 1, random.below(40), after.length]);
    bytes = Buffer.concat([before, random.pick(middles), after.subarray(skipped)]);
  }
  return bytes;
}

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

test.each([
  ["vocab.txt", `${fixtureTokens().join("\n")}\n`],
  ["tokenizer.json", JSON.stringify(bertJson(), null, 1)],
])(`${count} mutants of a %s give a tokenizer that keeps to its size, or a problem, and never throw`, (name, text) => {
  const path = join(dataFolder({}), name);
  const random = new Random(8);
  const failures: unknown[] = [];
  let [loaded, refused] = [0, 0];
  for (let index = 0; index < count; index++) {
    writeFileSync(path, mutate(Buffer.from(text), random));
    const result = loadTokenizer(path);
    if (result.kind === "failed") {
      if (result.problem.subject !== path || result.problem.message === "") failures.push({ index, result });
      refused++;
      continue;
    }
    loaded++;
    const { vocabSize, encode } = result.value;
    const { ids, mask } = encode("Lung nodules: [SEP] é日 __proto__ 5 mm\0\uFFFD constructor", 16);
    const tokens = mask.indexOf(0) === -1 ? 16 : mask.indexOf(0);
    const right =
      ids.length === 16 &&
      ids.every((id) => id >= 0 && id < vocabSize) &&
      tokens >= 2 &&
      mask.join("") === "1".repeat(tokens).padEnd(16, "0");
    if (!right) failures.push({ index, ids, mask, vocabSize });
  }
  expect(failures).toEqual([]);
  expect(loaded).toBeGreaterThan(count / 20);
  expect(refused).toBeGreaterThan(count / 20);
});
