import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadTokenizer } from "../../runtime/data/tokenizers/tokenizer.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { bertJson, fixtureTokens } from "./bert-json.ts";
import { dataFolder } from "./data-folder.ts";
import { mutate } from "./mutate.ts";

const count = mutantCount(500);

test.each<[string, string, string | Uint8Array]>([
  ["vocab.txt", "vocab.txt", `${fixtureTokens().join("\n")}\n`],
  ["tokenizer.json of WordPiece", "tokenizer.json", JSON.stringify(bertJson(), null, 1)],
  ["tokenizer.json of byte pairs", "tokenizer.json", readFileSync("test/fixtures/tokenizers/bytes.json")],
  ["tokenizer.json of unigrams", "tokenizer.json", readFileSync("test/fixtures/tokenizers/unigrams.json")],
  ["spiece.model", "spiece.model", readFileSync("test/fixtures/tokenizers/spiece.model")],
])(
  `${count} mutants of a %s give a tokenizer that keeps to its size, or a problem, and never throw`,
  (_, name, text) => {
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
      const { vocabSize, leastLength, encode } = result.value;
      const { ids, mask } = encode("Lung nodules: [SEP] é日 __proto__ 5 mm\0\uFFFD constructor", 16);
      const tokens = mask.filter((each) => each === 1).length;
      const ones = "1".repeat(tokens);
      const right =
        ids.length === 16 &&
        ids.every((id) => id >= 0 && id < vocabSize) &&
        tokens >= leastLength - 1 &&
        [ones.padEnd(16, "0"), ones.padStart(16, "0")].includes(mask.join(""));
      if (!right) failures.push({ index, ids, mask, vocabSize });
    }
    expect(failures).toEqual([]);
    expect(loaded).toBeGreaterThan(count / 20);
    expect(refused).toBeGreaterThan(count / 20);
  },
);
