import { describe, expect, test } from "vitest";
import { readTokenizerJson } from "../../runtime/data/tokenizers/tokenizer-json.ts";
import { readVocabularyText } from "../../runtime/data/tokenizers/vocabulary.ts";
import { bertJson, fixtureTokens } from "./bert-json.ts";

type Json = Record<string, unknown>;

/** A tokenizer.json with other fields in some of its parts; a field that is undefined is left out. */
function written(change: Json): string {
  const json: Json = bertJson();
  for (const [part, fields] of Object.entries(change)) {
    const known = json[part];
    const isPart = isObject(fields) && isObject(known);
    json[part] = isPart ? { ...known, ...fields } : fields;
  }
  return JSON.stringify(json);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function vocabularyOf(change: Json) {
  const read = readTokenizerJson(written(change));
  if (read.kind === "failed") throw new Error(JSON.stringify(read.problem));
  if (!("tokens" in read.value)) throw new Error("the vocabulary is BERT's");
  return read.value;
}

const onlyBert =
  "of WordPiece, only BERT's is supported: BertNormalizer, BertPreTokenizer, WordPiece, [CLS] text [SEP]";
const onlyBytes =
  "of byte pairs, CLIP's are supported and those of bytes as RoBERTa, GPT-2, Qwen and Llama 3 have them: ByteLevel, alone or after a " +
  "Split by the pattern of one of these";
const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const added = (fields: Json): Json => ({ id: 0, content: "[PAD]", ...fields });
const single = (...items: readonly Json[]): Json => ({ post_processor: { single: items } });
const token = (id: unknown): Json => ({ SpecialToken: { id } });
const text = { Sequence: { id: "A" } };

test("a tokenizer.json says what it says, and for what it does not say BERT's settings hold", () => {
  const plain = {
    tokens: fixtureTokens(),
    special,
    ...{ unknown: "[UNK]", start: "[CLS]", end: "[SEP]", padding: "[PAD]", continuation: "##" },
    ...{
      kind: "word-pieces",
      longestWord: 100,
      lowercase: true,
      stripAccents: true,
      cleanText: true,
      splitChinese: true,
      paddingSide: "right",
      cutSide: "right",
    },
  };
  expect(vocabularyOf({})).toEqual(plain);
  const silent = {
    lowercase: undefined,
    strip_accents: undefined,
    clean_text: undefined,
    handle_chinese_chars: undefined,
  };
  const model = { max_input_chars_per_word: undefined };
  expect(vocabularyOf({ normalizer: silent, model, padding: undefined })).toEqual(plain);
  expect(vocabularyOf({ normalizer: { lowercase: false } })).toEqual({
    ...plain,
    lowercase: false,
    stripAccents: false,
  });
  const settings = { strip_accents: false, clean_text: false, handle_chinese_chars: false };
  expect(vocabularyOf({ normalizer: settings, model: { max_input_chars_per_word: 1 } })).toEqual({
    ...plain,
    ...{ stripAccents: false, cleanText: false, splitChinese: false, longestWord: 1 },
  });
  expect(vocabularyOf({ model: { max_input_chars_per_word: 1000 } }).longestWord).toBe(1000);
  expect(vocabularyOf({ model: { continuing_subword_prefix: "x".repeat(100) } }).continuation).toBe("x".repeat(100));
  expect(vocabularyOf({ padding: { pad_token: "[MASK]" } }).padding).toBe("[MASK]");
  for (const none of [undefined, null]) expect(vocabularyOf({ added_tokens: none }).special).toEqual([]);
});

test("the tokens around a text are those of either processor", () => {
  const processor = { type: "BertProcessing", cls: ["[MASK]", 4], sep: ["[SEP]", 3] };
  expect(vocabularyOf({ post_processor: processor })).toMatchObject({ start: "[MASK]", end: "[SEP]" });
  expect(vocabularyOf(single(token("[SEP]"), text, token("[CLS]")))).toMatchObject({ start: "[SEP]", end: "[CLS]" });
});

test("added tokens stand behind the others in their order, or are among them", () => {
  const tokens = fixtureTokens();
  const [first, second] = [tokens.length, tokens.length + 1];
  const vocabulary = vocabularyOf({
    added_tokens: [
      added({}),
      { id: first, content: "[A]" },
      { id: second, content: "[B]" },
      { id: first, content: "[A]" },
    ],
  });
  expect(vocabulary.tokens).toEqual([...tokens, "[A]", "[B]"]);
  expect(vocabulary.special).toEqual(["[PAD]", "[A]", "[B]", "[A]"]);
});

describe("a tokenizer.json that is not BERT's, or contradicts itself, is refused", () => {
  test.each<[Json, string, string | null]>([
    [{ model: { type: "BPE" } }, "its `model.continuing_subword_prefix` is `##`, which is not supported", onlyBytes],
    [{ model: { type: 7 } }, "its `model` is `7`, but `WordPiece`, `BPE` or `Unigram` is expected", null],
    [{ model: 7 }, "`model` is not an object with fields", null],
    [{ model: [] }, "`model` is not an object with fields", null],
    [{ normalizer: null }, "`normalizer` is not an object with fields", null],
    [{ normalizer: { type: "NFC" } }, "its `normalizer` is `NFC`, but `BertNormalizer` is expected", onlyBert],
    [
      { pre_tokenizer: { type: "Split" } },
      "its `pre_tokenizer` is `Split`, but `BertPreTokenizer` is expected",
      onlyBert,
    ],
    [
      { post_processor: { type: "Roberta" } },
      "its `post_processor` is `Roberta`, but `TemplateProcessing` or `BertProcessing` is expected",
      onlyBert,
    ],
    [{ model: { vocab: [] } }, "`model.vocab` is not an object with fields", null],
    [{ model: { vocab: { a: 1 } } }, "the token `a` has no number from 0 to 0", null],
    [{ model: { vocab: { a: "0" } } }, "the token `a` has no number from 0 to 0", null],
    [{ model: { vocab: { a: 0, b: 0 } } }, "the tokens `a` and `b` have the same number 0", null],
    [{ added_tokens: {} }, "its `added_tokens` are not a list", null],
    [{ added_tokens: Array.from({ length: 1001 }, () => added({})) }, "it has more than 1000 added tokens", null],
    [{ added_tokens: [7] }, "`added_tokens[0]` is not an object with fields", null],
    [
      { added_tokens: [added({}), added({ content: "" })] },
      "its `added_tokens[1].content` is not a text of 1 to 100 characters",
      null,
    ],
    ...["single_word", "lstrip", "rstrip", "normalized"].map((name): [Json, string, string] => [
      { added_tokens: [added({ [name]: true })] },
      `\`added_tokens[0]\` is \`${name}\`, which is not supported`,
      onlyBert,
    ]),
    ...[added({ id: 1 }), added({ id: "0" }), added({ id: 76 }), { id: 77, content: "[A]" }].map(
      (each): [Json, string, null] => [
        { added_tokens: [each] },
        `\`added_tokens[0]\` \`${String(each["content"])}\` has a different number in the vocabulary`,
        null,
      ],
    ),
    [{ padding: 7 }, "`padding` is not an object with fields", null],
    [
      { padding: { pad_token: "[NONE]" } },
      "its `padding.pad_token` is `[NONE]`, which is not a token of the vocabulary",
      null,
    ],
    [{ model: { unk_token: 7 } }, "its `model.unk_token` is not a text of 1 to 100 characters", null],
    [
      { model: { continuing_subword_prefix: "x".repeat(101) } },
      "its `model.continuing_subword_prefix` is not a text of 1 to 100 characters",
      null,
    ],
    ...[0, 1001, 1.5, "100"].map((limit): [Json, string, null] => [
      { model: { max_input_chars_per_word: limit } },
      "its `model.max_input_chars_per_word` is not a whole number from 1 to 1000",
      null,
    ]),
    ...["lowercase", "strip_accents", "clean_text", "handle_chinese_chars"].map((name): [Json, string, null] => [
      { normalizer: { [name]: "yes" } },
      `its \`normalizer.${name}\` is neither true nor false`,
      null,
    ]),
    ...[
      single(),
      single(token("[CLS]"), text),
      single(text, text, token("[SEP]")),
      single(token("[CLS]"), token("[CLS]"), token("[SEP]")),
      single(token("[CLS]"), text, text),
      single(token("[CLS]"), text, token("[SEP]"), token("[SEP]")),
      { post_processor: { single: "[CLS] $A [SEP]" } },
    ].map((change): [Json, string, string] => [
      change,
      "its `post_processor.single` is not [CLS] text [SEP]",
      onlyBert,
    ]),
    [{ post_processor: { single: [7] } }, "an item of `post_processor.single` is not an object with fields", null],
    [single({ SpecialToken: 7 }, text, token("[SEP]")), "`post_processor.single` is not an object with fields", null],
    [
      single(token("[NONE]"), text, token("[SEP]")),
      "its `post_processor.single` is `[NONE]`, which is not a token of the vocabulary",
      null,
    ],
    [
      { post_processor: { type: "BertProcessing", cls: ["[CLS]", 3], sep: ["[SEP]", 3] } },
      "its `post_processor.cls` has a different number in the vocabulary",
      null,
    ],
    [
      { post_processor: { type: "BertProcessing", cls: ["[CLS]", 2], sep: "[SEP]" } },
      "its `post_processor.sep` is not a text of 1 to 100 characters",
      null,
    ],
  ])("%j", (change, message, help) => {
    const read = readTokenizerJson(written(change));
    expect(read).toMatchObject({ kind: "failed", problem: { message, help } });
  });

  test("a list is no tokenizer", () => {
    expect(readTokenizerJson("[]")).toMatchObject({
      kind: "failed",
      problem: { message: "the file is not an object with fields" },
    });
  });
});

describe("a vocab.txt", () => {
  test("has a token in each line, and the special ones that it has", () => {
    const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b"];
    for (const end of ["", "\n", "\r\n"]) {
      const read = readVocabularyText(`\uFEFF${tokens.join(end === "" ? "\n" : end)}${end}`);
      expect(read).toEqual({
        kind: "ok",
        value: {
          kind: "word-pieces",
          tokens,
          special: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
          ...{ unknown: "[UNK]", start: "[CLS]", end: "[SEP]", padding: "[PAD]", continuation: "##" },
          ...{ longestWord: 100, lowercase: true, stripAccents: true, cleanText: true, splitChinese: true },
          ...{ paddingSide: "right", cutSide: "right" },
        },
      });
    }
    const read = readVocabularyText("[MASK]\n[PAD]\n[UNK]\n[CLS]\n[SEP]\na\uFEFF");
    expect(read.kind === "ok" && [read.value.special, read.value.tokens.at(-1)]).toEqual([special, "a\uFEFF"]);
  });

  test("that lacks a special token may be none", () => {
    const help = "is it a BERT vocab.txt?";
    expect(readVocabularyText("[UNK]\n[SEP]")).toMatchObject({ problem: { message: "it has no [PAD], [CLS]", help } });
  });
});
