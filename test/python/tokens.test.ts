import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainTokens, type TokenSettings } from "../../compiler/index.ts";
import { loadTokenizer, type Tokenizer } from "../../runtime/data/index.ts";
import { outputOf } from "../command.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";
import { charactersOf, plainLines, randomTexts } from "./token-texts.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-tokens-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Without PyTorch, which tokenizers do not need. */
function python(): string {
  const packages = ["tokenizers==0.23.3", "transformers==5.24.0", "sentencepiece==0.2.3", "protobuf==7.36.2"];
  return pythonWith("transformers==5.24.0-sentencepiece==0.2.3", packages);
}

/** Encodes texts, and lets Python say where it has other tokens or another mask. */
function holdAgainst(vocabulary: string, texts: readonly string[], length: number, settings: TokenSettings): void {
  const loaded = loadTokenizer(vocabulary, settings);
  if (loaded.kind === "failed") throw new Error(`${vocabulary}: ${loaded.problem.message}`);
  const encoded = texts.map((text) => {
    const { ids, mask } = loaded.value.encode(text, length);
    return { text, ids: [...ids], mask: [...mask] };
  });
  const given = join(folder, "given.json");
  const { clean, padding } = settings;
  writeFileSync(
    given,
    JSON.stringify({ length, canonical: clean === "canonical", padding: padding ?? "<pad>", encoded }),
  );
  check(python(), "check_tokens.py", vocabulary, given);
}

test("BERT's WordPiece gives the tokens of Hugging Face's tokenizer", () => {
  const fixture = readFileSync("test/fixtures/ctrate-small/vocab.txt", "utf8").trimEnd().split("\n");
  const letters = charactersOf().filter((character) => /[\p{L}\p{N}\p{P}\p{S}]/u.test(character));
  const vocabulary = join(folder, "vocab.txt");
  writeFileSync(vocabulary, [...new Set([...fixture, ...letters.flatMap((each) => [each, `##${each}`])])].join("\n"));
  const words = fixture.slice(5).map((word) => word.replace("##", ""));
  holdAgainst(vocabulary, randomTexts(10_000, new Random(11), words), 32, plainTokens);
});

const lines = plainLines();
const words = lines.flatMap((line) => line.split(/\s+/)).filter((word) => word !== "");

beforeAll(() => {
  const text = join(folder, "lines.txt");
  writeFileSync(text, lines.join("\n"));
  outputOf(python(), ["test/python/make_tokenizers.py", folder, text]);
});

const siglip: Partial<TokenSettings> = {
  ...{ tokenizer: "unigram", clean: "canonical", start: "", end: "</s>", padding: "</s>", side: "right" },
};

test.each<readonly [string, string, Partial<TokenSettings>]>([
  ["roberta", "tokenizer.json", { tokenizer: "bpe", start: "<s>", end: "</s>", padding: "<pad>" }],
  ["roberta-spaced", "tokenizer.json", {}],
  ["qwen", "tokenizer.json", { start: "", end: "<|endoftext|>" }],
  ["qwen-left", "tokenizer.json", {}],
  ["llama", "tokenizer.json", { start: "<|begin_of_text|>", end: "" }],
  ["few-bytes", "tokenizer.json", {}],
  ["few-bytes-apart", "tokenizer.json", {}],
  ["few-bytes-left-out", "tokenizer.json", {}],
  ["t5", "tokenizer.json", { tokenizer: "unigram" }],
  ["siglip-json", "tokenizer.json", {}],
  ["siglip-json-whole", "tokenizer.json", {}],
  ["siglip-json-never", "tokenizer.json", {}],
  ["siglip", "spiece.model", siglip],
  ["pieces-as-they-are", "spiece.model", {}],
  ["pieces-without-blank", "spiece.model", {}],
])("%s, a %s, gives the tokens and masks of Python's libraries", (name, file, settings) => {
  const texts = randomTexts(2000, new Random(12), words, lines);
  holdAgainst(join(folder, name, file), texts, 24, { ...plainTokens, ...settings });
});

test("a tokenizer.json with SigLIP's normalizers gives what its spiece.model gives with canonical texts", () => {
  // Around a special token that stands in a text, the two libraries treat blanks in their own ways.
  const texts = lines.filter((line) => /^[\x20-\x7e]*$/.test(line) && !/<\/?(?:s|pad|unk)>/.test(line));
  const [json, pieces] = [
    loadTokenizer(join(folder, "siglip-json-whole", "tokenizer.json")),
    loadTokenizer(join(folder, "siglip", "spiece.model"), { ...plainTokens, ...siglip }),
  ];
  if (json.kind === "failed" || pieces.kind === "failed") throw new Error("neither fails");
  expect(texts.length).toBeGreaterThan(1000);
  const idsOf = (encode: Tokenizer["encode"]) => texts.map((text) => [...encode(text, 64).ids]);
  expect(idsOf(json.value.encode)).toEqual(idsOf(pieces.value.encode));
});
