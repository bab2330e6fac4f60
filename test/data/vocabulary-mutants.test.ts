import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadTokenizer } from "../../runtime/data/tokenizers/tokenizer.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { bertJson, fixtureTokens } from "./bert-json.ts";
import { dataFolder } from "./data-folder.ts";
import { mutate } from "./mutate.ts";

const count = mutantCount(2000);

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
