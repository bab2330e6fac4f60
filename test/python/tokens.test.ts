import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { loadTokenizer } from "../../runtime/data/index.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";

const packages = ["tokenizers==0.23.3"];
const count = 10_000;
const length = 32;
const folder = mkdtempSync(join(tmpdir(), "medctc-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Characters that texts and vocabulary are made of, first and last of each block. Those that Unicode got lately are left
 * out: whether they are marks or letters depends on how old a program's tables are.
 */
const blocks = [
  ...[0x20, 0x24f, 0x300, 0x36f, 0x391, 0x3ce, 0x400, 0x4ff, 0x5d0, 0x5ea, 0x1e00, 0x1eff, 0x1f00, 0x1f15],
  ...[0x2000, 0x206f, 0x20a0, 0x20bf, 0x2100, 0x214f, 0x2190, 0x22ff, 0x3000, 0x303f, 0x3041, 0x3096, 0x4e00, 0x4e7f],
  ...[0xac00, 0xac7f, 0xe000, 0xe00f, 0xf900, 0xf91f, 0xfb00, 0xfb06, 0xff01, 0xff5e, 0x1f600, 0x1f64f],
  ...[0x20000, 0x2003f, 0x2b820, 0x2b93f, 0x2f800, 0x2f83f],
];
/** What tokenizers have read differently: special tokens, blanks, what has no width, case, accents, words at the limit. */
const pieces = [
  ...[
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[PAD]",
    "[cls]",
    "\0",
    "\uFFFD",
    "\u200B",
    "\u00A0",
    "\u2028",
    "\u0085",
    "\uFEFF",
    "\t",
  ],
  ...[
    "\r\n",
    "ΑΣ",
    "ΣΑΣ.",
    "İstanbul",
    "ß",
    "K",
    "Å",
    "e\u0301",
    "가",
    "1.5cm",
    "-",
    "...",
    "x".repeat(100),
    "x".repeat(101),
  ],
];

test("Hugging Face's tokenizer gives the same tokens for texts that are made at random", () => {
  const python = pythonWith("tokenizers==0.23.3", packages);
  const fixture = readFileSync("test/fixtures/ctrate-small/vocab.txt", "utf8").trimEnd().split("\n");
  const characters = charactersOf();
  const letters = characters.filter((character) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(character));
  const vocabulary = join(folder, "vocab.txt");
  writeFileSync(vocabulary, [...new Set([...fixture, ...letters.flatMap((each) => [each, `##${each}`])])].join("\n"));
  const random = new Random(11);
  const words = fixture.slice(5).map((word) => word.replace("##", ""));
  const texts = Array.from({ length: count }, () => textOf(random, words, characters));
  const loaded = loadTokenizer(vocabulary);
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  const encoded = texts.map((text) => {
    const { ids, mask } = loaded.value.encode(text, length);
    return { text, ids: [...ids], mask: [...mask] };
  });
  const given = join(folder, "tokens.json");
  writeFileSync(given, JSON.stringify({ length, encoded }));
  check(python, "check_tokens.py", vocabulary, given);
});

function charactersOf(): readonly string[] {
  const ranges = Array.from({ length: blocks.length / 2 }, (_, index) => blocks.slice(2 * index, 2 * index + 2));
  return ranges.flatMap(([first = 0, last = -1]) =>
    Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index)),
  );
}

function textOf(random: Random, words: readonly string[], characters: readonly string[]): string {
  const parts = Array.from({ length: random.below(14) }, () => {
    switch (random.below(4)) {
      case 0:
        return random.pick(pieces);
      case 1:
        return Array.from({ length: 1 + random.below(5) }, () => random.pick(characters)).join("");
      default: {
        const word = random.pick(words);
        return random.below(3) === 0 ? word.toUpperCase() : word;
      }
    }
  });
  return parts.join(random.pick([" ", "", "  "]));
}
