import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findVocabulary, loadTokenizer, type Tokenizer } from "../../runtime/data/tokenizers/index.ts";
import { bertJson, fixtureTokens } from "./bert-json.ts";
import { dataFolder } from "./data-folder.ts";

const vocabularyFile = "test/fixtures/ctrate-small/vocab.txt";

interface Expected {
  readonly text: string;
  readonly input_ids: readonly number[];
  readonly attention_mask: readonly number[];
}

const file: unknown = JSON.parse(readFileSync("test/fixtures/ctrate-small/tokens.json", "utf8"));
const expected = Array.isArray(file) ? file.filter(isExpected) : [];

function isExpected(value: unknown): value is Expected {
  return typeof value === "object" && value !== null && "text" in value && "input_ids" in value;
}

function load(path: string): Tokenizer {
  const loaded = loadTokenizer(path);
  if (loaded.kind === "failed") throw new Error(JSON.stringify(loaded.problem));
  return loaded.value;
}

/** What is wrong with a vocabulary of this name and content. */
function refusal(name: string, content: string | Uint8Array): string {
  const path = join(dataFolder({ [name]: content }), name);
  const loaded = loadTokenizer(path);
  if (loaded.kind === "ok") return "loaded";
  expect(loaded.problem.subject).toBe(path);
  return loaded.problem.message;
}

function changed(change: (json: ReturnType<typeof bertJson>) => unknown): string {
  const json = bertJson();
  return refusal("tokenizer.json", JSON.stringify(change(json) ?? json));
}

describe("tokens", () => {
  test.each(["vocab.txt", "tokenizer.json"])("a %s gives what Hugging Face's BertTokenizer gives", (name) => {
    const path = join(
      dataFolder({ [name]: name === "vocab.txt" ? readFileSync(vocabularyFile) : JSON.stringify(bertJson()) }),
      name,
    );
    const tokenizer = load(path);
    expect(tokenizer.vocabSize).toBe(76);
    expect(expected.length).toBe(55);
    for (const { text, input_ids: ids, attention_mask: mask } of expected) {
      const tokens = tokenizer.encode(text, 24);
      expect([text, ...tokens.ids]).toEqual([text, ...ids]);
      expect([text, ...tokens.mask]).toEqual([text, ...mask]);
    }
  });

  test("a text is cut before its last token, and padded to any length", () => {
    const tokenizer = load(vocabularyFile);
    const [lung, nodule] = [15, [16, 17]];
    expect([...tokenizer.encode("lung nodule", 8).ids]).toEqual([2, lung, ...nodule, 3, 0, 0, 0]);
    expect([...tokenizer.encode("lung nodule", 8).mask]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect([...tokenizer.encode("lung nodule", 5).ids]).toEqual([2, lung, ...nodule, 3]);
    expect([...tokenizer.encode("lung nodule", 4).ids]).toEqual([2, lung, 16, 3]);
    expect([...tokenizer.encode("lung nodule", 2).ids]).toEqual([2, 3]);
    expect(() => tokenizer.encode("lung", 1)).toThrow(RangeError);
  });

  test("a capital sigma at a word's end and rare Chinese characters are read as Hugging Face reads them", () => {
    const tokens = [...fixtureTokens(), "σ", "##σ", "ς", "##ς", "\u{20000}", "##\u{20000}"];
    const tokenizer = load(join(dataFolder({ "vocab.txt": `${tokens.join("\n")}\n` }), "vocab.txt"));
    expect([...tokenizer.encode("ΣΣ \u{20000}\u{20000}", 7).ids]).toEqual([2, 76, 77, 80, 80, 3, 0]);
  });

  test("the truncation and padding of a tokenizer.json do not count", () => {
    const json = {
      ...bertJson(),
      truncation: { max_length: 3 },
      padding: { strategy: { Fixed: 9 }, pad_token: "[PAD]" },
    };
    const tokenizer = load(join(dataFolder({ "tokenizer.json": JSON.stringify(json) }), "tokenizer.json"));
    expect([...tokenizer.encode("no no no no", 7).ids]).toEqual([2, 5, 5, 5, 5, 3, 0]);
  });

  test("the settings of a tokenizer.json count", () => {
    const json = bertJson();
    json.normalizer.lowercase = false;
    const tokenizer = load(join(dataFolder({ "tokenizer.json": JSON.stringify(json) }), "tokenizer.json"));
    expect([...tokenizer.encode("Lung lung é", 5).ids]).toEqual([2, 1, 15, 1, 3]);
  });

  test("tokens that are added behind the vocabulary are taken whole and counted", () => {
    const json = bertJson();
    json.added_tokens.push({ id: 76, content: "[LUNG]", special: true, normalized: false });
    const tokenizer = load(join(dataFolder({ "tokenizer.json": JSON.stringify(json) }), "tokenizer.json"));
    expect(tokenizer.vocabSize).toBe(77);
    expect([...tokenizer.encode("no[LUNG]", 4).ids]).toEqual([2, 5, 76, 3]);
  });

  test("tokens may have the names that objects have of their own", () => {
    const tokens = [...fixtureTokens(), "__proto__", "constructor", "to", "##string"];
    for (const special of [tokens, tokens.toReversed()]) {
      const path = join(dataFolder({ "vocab.txt": special.join("\n") }), "vocab.txt");
      const tokenizer = load(path);
      expect(tokenizer.vocabSize).toBe(80);
      expect(tokenizer.encode("constructor", 3).ids[1]).toBe(special.indexOf("constructor"));
    }
  });
});

describe("the vocabulary of a data folder", () => {
  test("is its tokenizer.json, else its vocab.txt", () => {
    const folder = dataFolder({ "other.txt": "" });
    expect(findVocabulary(folder)).toBe(null);
    writeFileSync(join(folder, "vocab.txt"), "");
    expect(findVocabulary(folder)).toBe(join(folder, "vocab.txt"));
    writeFileSync(join(folder, "tokenizer.json"), "");
    expect(findVocabulary(folder)).toBe(join(folder, "tokenizer.json"));
    expect(findVocabulary(join(folder, "none"))).toBe(null);
  });
});

describe("a vocab.txt that is wrong", () => {
  const [padding, unknown, start, end] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
  test.each<[string, string | Uint8Array, string]>([
    ["nothing in it", "", "it has no [PAD], [UNK], [CLS], [SEP]"],
    ["a special token missing", [padding, unknown, start].join("\n"), "it has no [SEP]"],
    [
      "a token twice",
      [padding, unknown, start, end, "lung", unknown].join("\n"),
      "line 6: duplicate of the token in line 2",
    ],
    ["an empty line", [padding, "", unknown, start, end].join("\n"), "line 2: no token"],
    ["two empty lines at its end", [padding, unknown, start, end, "", ""].join("\n"), "line 5: no token"],
    ["a byte that UTF-8 does not have", Buffer.from("[PAD]\n\u00ff", "latin1"), "it is not UTF-8: byte 6 is invalid"],
    ["more than 32 MiB", Buffer.alloc(2 ** 25 + 1, "a\n"), "it has more than 32 MiB"],
    ["more than a million tokens", "a\n".repeat(1_000_001), "it has more than 1000000 tokens"],
  ])("is refused with %s", (_, content, rule) => {
    expect(refusal("vocab.txt", content)).toBe(rule);
  });

  test("is no folder and no missing file", () => {
    const folder = dataFolder({});
    for (const [path, rule] of [
      [folder, "it is not a file"],
      [join(folder, "none"), "it cannot be read: it does not exist"],
    ] as const) {
      expect(loadTokenizer(path)).toEqual({ kind: "failed", problem: { subject: path, message: rule, help: null } });
    }
  });

  test("may have a byte order mark and other line ends", () => {
    expect(refusal("vocab.txt", `\uFEFF${fixtureTokens().join("\r\n")}\r\n`)).toBe("loaded");
  });
});

describe("a tokenizer.json that is wrong", () => {
  test.each<[string, (json: ReturnType<typeof bertJson>) => unknown, string]>([
    ["a list", () => [], "the file is not an object with fields"],
    ["without a model", (json) => ({ ...json, model: null }), "`model` is not an object with fields"],
    [
      "of another model",
      (json) => ({ ...json, model: { ...json.model, type: "BPE" } }),
      "its `model.continuing_subword_prefix` is `##`, which is not supported",
    ],
    [
      "with a pattern to split at",
      (json) => ({ ...json, pre_tokenizer: { type: "Split", pattern: { Regex: "(a+)+$" } } }),
      "its `pre_tokenizer` is `Split`, but `BertPreTokenizer` is expected",
    ],
    [
      "with a pattern to replace",
      (json) => ({ ...json, normalizer: { type: "Replace", pattern: { Regex: "(a+)+$" }, content: "" } }),
      "its `normalizer` is `Replace`, but `BertNormalizer` is expected",
    ],
    [
      "with several normalizers",
      (json) => ({ ...json, normalizer: { type: "Sequence", normalizers: [] } }),
      "its `normalizer` is `Sequence`, but `BertNormalizer` is expected",
    ],
    [
      "with another frame",
      (json) => ({ ...json, post_processor: { type: "TemplateProcessing", single: [{ Sequence: { id: "A" } }] } }),
      "its `post_processor.single` is not [CLS] text [SEP]",
    ],
    [
      "with a frame of unknown tokens",
      (json) => ({ ...json, post_processor: { type: "BertProcessing", cls: ["<s>", 0], sep: ["[SEP]", 3] } }),
      "its `post_processor.cls` is `<s>`, which is not a token of the vocabulary",
    ],
    [
      "with a frame of other numbers",
      (json) => ({ ...json, post_processor: { type: "BertProcessing", cls: ["[CLS]", 9], sep: ["[SEP]", 3] } }),
      "its `post_processor.cls` has a different number in the vocabulary",
    ],
    [
      "with a vocabulary as a list",
      (json) => ({ ...json, model: { ...json.model, vocab: [] } }),
      "`model.vocab` is not an object with fields",
    ],
    [
      "with two tokens of one number",
      (json) => ({ ...json, model: { ...json.model, vocab: { "[PAD]": 0, a: 0 } } }),
      "the tokens `[PAD]` and `a` have the same number 0",
    ],
    [
      "with a number beyond the tokens",
      (json) => ({ ...json, model: { ...json.model, vocab: { "[PAD]": 7 } } }),
      "the token `[PAD]` has no number from 0 to 0",
    ],
    [
      "with a negative number",
      (json) => ({ ...json, model: { ...json.model, vocab: { "[PAD]": -1 } } }),
      "the token `[PAD]` has no number from 0 to 0",
    ],
    [
      "with half a number",
      (json) => ({ ...json, model: { ...json.model, vocab: { "[PAD]": 0.5, a: 1 } } }),
      "the token `[PAD]` has no number from 0 to 1",
    ],
    [
      "without a token for what is unknown",
      (json) => ({ ...json, model: { ...json.model, unk_token: "<unk>" } }),
      "its `model.unk_token` is `<unk>`, which is not a token of the vocabulary",
    ],
    [
      "with words of any length",
      (json) => ({ ...json, model: { ...json.model, max_input_chars_per_word: 1e9 } }),
      "its `model.max_input_chars_per_word` is not a whole number from 1 to 1000",
    ],
    [
      "with a setting that is no boolean",
      (json) => ({ ...json, normalizer: { ...json.normalizer, lowercase: "yes" } }),
      "its `normalizer.lowercase` is neither true nor false",
    ],
    [
      "with padding that is no token",
      (json) => ({ ...json, padding: { pad_token: "<pad>" } }),
      "its `padding.pad_token` is `<pad>`, which is not a token of the vocabulary",
    ],
    [
      "with an added token of another number",
      (json) => ({ ...json, added_tokens: [{ id: 9, content: "[CLS]" }] }),
      "`added_tokens[0]` `[CLS]` has a different number in the vocabulary",
    ],
    [
      "with an added token that takes blanks",
      (json) => ({ ...json, added_tokens: [{ id: 4, content: "[MASK]", lstrip: true }] }),
      "`added_tokens[0]` is `lstrip`, which is not supported",
    ],
    [
      "with an added token without a text",
      (json) => ({ ...json, added_tokens: [{ id: 4, content: "" }] }),
      "its `added_tokens[0].content` is not a text of 1 to 100 characters",
    ],
    [
      "with added tokens without end",
      (json) => ({ ...json, added_tokens: Array.from({ length: 1001 }, () => ({})) }),
      "it has more than 1000 added tokens",
    ],
  ])("is refused %s", (_, change, rule) => {
    expect(changed(change)).toBe(rule);
  });

  test("is refused where it is not valid JSON, too deep, too long, or says a thing twice", () => {
    const json = JSON.stringify(bertJson());
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(refusal("tokenizer.json", json.slice(0, -1))).toMatch(/^it is not valid JSON: /);
    expect(refusal("tokenizer.json", deep)).toBe("it is nested deeper than 32 levels");
    expect(refusal("tokenizer.json", `{"a":"${"x".repeat(4_000_001)}"}`)).toBe(
      "it has a string of more than 4000000 characters",
    );
    expect(refusal("tokenizer.json", json.replace('"no":5', '"no":5,"no":6'))).toBe("it has `no` twice");
    expect(refusal("tokenizer.json", json)).toBe("loaded");
  });
});
