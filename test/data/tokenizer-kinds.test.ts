import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { plainTokens, type TokenSettings } from "../../compiler/index.ts";
import { tokenizerProblem } from "../../runtime/data/index.ts";
import { loadTokenizer, type Tokenizer } from "../../runtime/data/tokenizers/index.ts";
import { dataFolder } from "./data-folder.ts";

/** Small tokenizers, and what Python's libraries make of some texts with them; make.py in the folder says how. */
const folder = "test/fixtures/tokenizers";
const encoded = v.array(v.object({ ids: v.array(v.number()), mask: v.array(v.number()) }));
const expected = v.parse(
  v.object({
    ...{ length: v.number(), texts: v.array(v.string()) },
    ...{ "bytes.json": encoded, "unigrams.json": encoded, "spiece.model": encoded },
  }),
  JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")),
);

const siglip: TokenSettings = { ...plainTokens, clean: "canonical", padding: "</s>" };

function load(path: string, settings: TokenSettings = plainTokens): Tokenizer {
  const loaded = loadTokenizer(path, settings);
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  return loaded.value;
}

/** Why a tokenizer is not what is asked for; null where it is. */
function refusal(name: string, settings: Partial<TokenSettings>): string | null {
  const loaded = loadTokenizer(join(folder, name), { ...plainTokens, ...settings });
  return loaded.kind === "ok" ? null : loaded.problem.message;
}

/** Why a tokenizer.json with other parts is refused. */
function changed(name: string, change: (json: Record<string, unknown>) => Record<string, unknown>): string {
  const json = v.parse(v.record(v.string(), v.unknown()), JSON.parse(readFileSync(join(folder, name), "utf8")));
  const made = dataFolder({ "tokenizer.json": JSON.stringify({ ...json, ...change(json) }) });
  const loaded = loadTokenizer(join(made, "tokenizer.json"));
  return loaded.kind === "ok" ? "loaded" : loaded.problem.message;
}

test.each(["bytes.json", "unigrams.json", "spiece.model"] as const)(
  "%s gives the tokens of Python's libraries",
  (name) => {
    const tokenizer = load(join(folder, name), name === "spiece.model" ? siglip : plainTokens);
    const found = expected.texts.map((text) => {
      const { ids, mask } = tokenizer.encode(text, expected.length);
      return { ids: [...ids], mask: [...mask] };
    });
    expect(found).toEqual(expected[name]);
  },
);

test("a text has as many tokens as it is counted to have", () => {
  const tokenizer = load(join(folder, "bytes.json"));
  for (const text of expected.texts) {
    const count = tokenizer.count(text);
    expect(tokenizer.encode(text, count + 3).mask.reduce((sum, each) => sum + each, 0)).toBe(count);
  }
});

describe("a spec's settings", () => {
  test("are what a tokenizer is held to", () => {
    expect(
      refusal("bytes.json", { tokenizer: "bpe", size: 331, start: "<s>", end: "</s>", padding: "<pad>" }),
    ).toBeNull();
    expect(refusal("bytes.json", { tokenizer: "unigram" })).toBe(
      "it is a tokenizer of byte pairs, but the model needs one of unigrams",
    );
    expect(refusal("bytes.json", { size: 330 })).toBe("it has 331 tokens, but the model's tokenizer has 330");
    expect(refusal("bytes.json", { start: "" })).toBe(
      "it puts `<s>` at the start of a text, but the model needs nothing",
    );
    expect(refusal("unigrams.json", { end: "<pad>" })).toBe(
      "it puts `</s>` at the end of a text, but the model needs `<pad>`",
    );
    expect(refusal("spiece.model", { padding: "[PAD]" })).toBe(
      "it has no token `[PAD]`, which the spec names as `padding`",
    );
  });

  test("say where padding stands, and what it is", () => {
    const left = load(join(folder, "bytes.json"), { ...plainTokens, side: "left", padding: "<unk>" });
    const plain = load(join(folder, "bytes.json"));
    const [ids, count] = [[...plain.encode("no", 9).ids], plain.count("no")];
    expect([...left.encode("no", 9).ids]).toEqual([...Array<number>(9 - count).fill(3), ...ids.slice(0, count)]);
  });

  test("are needed where a file does not say what pads a text", () => {
    const message = changed("bytes.json", (json) => {
      const text = JSON.stringify(json).replaceAll("<pad>", "<p>");
      return { ...v.parse(v.record(v.string(), v.unknown()), JSON.parse(text)), padding: null };
    });
    expect(message).toBe("it does not say which token pads a text");
  });
});

describe("a tokenizer.json that asks for something else", () => {
  const model = (fields: object) => (json: Record<string, unknown>) => ({
    model: { ...v.parse(v.record(v.string(), v.unknown()), json["model"]), ...fields },
  });
  test.each<[string, string, (json: Record<string, unknown>) => Record<string, unknown>, string]>([
    [
      "byte fallback",
      "bytes.json",
      model({ byte_fallback: true }),
      "its `model.byte_fallback` is `true`, which is not supported",
    ],
    [
      "byte fallback",
      "unigrams.json",
      model({ byte_fallback: true }),
      "its `model.byte_fallback` is `true`, which is not supported",
    ],
    ["dropout", "bytes.json", model({ dropout: 0.1 }), "its `model.dropout` is `0.1`, which is not supported"],
    [
      "a pattern of its own",
      "bytes.json",
      () => ({
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [
            { type: "Split", pattern: { Regex: "(a+)+$" }, behavior: "Isolated" },
            { type: "ByteLevel", use_regex: false },
          ],
        },
      }),
      "its `pre_tokenizer` splits by the pattern `(a+)+$`, which is not supported",
    ],
    [
      "digits apart",
      "bytes.json",
      () => ({ pre_tokenizer: { type: "Digits" } }),
      "its `pre_tokenizer` is `Digits`, which is not supported for byte pairs",
    ],
    [
      "accents off",
      "bytes.json",
      () => ({ normalizer: { type: "StripAccents" } }),
      "its `normalizer` has `StripAccents`, which is not supported",
    ],
    [
      "a replacement of its own",
      "unigrams.json",
      () => ({ normalizer: { type: "Replace", pattern: { Regex: "(a+)+$" }, content: "" } }),
      "its `normalizer` replaces `(a+)+$`, which is not supported",
    ],
    [
      "a map that is damaged",
      "unigrams.json",
      () => ({ normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } }),
      "its precompiled charsmap of 3 bytes does not have the trie that it starts with",
    ],
    [
      "pairs of what it does not have",
      "bytes.json",
      model({ merges: [["a", "€"]] }),
      "its `model.merges[0]` has `€`, which is not a token",
    ],
    ["no scores", "unigrams.json", model({ vocab: [["a"]] }), "its `model.vocab[0]` is not a token with its score"],
  ])("is refused: %s in %s", (_, name, change, message) => {
    expect(changed(name, change)).toBe(message);
  });
});

describe("a spiece.model", () => {
  const bytes = readFileSync(join(folder, "spiece.model"));
  const messageOf = (content: Uint8Array): string => {
    const loaded = loadTokenizer(join(dataFolder({ "spiece.model": content }), "spiece.model"));
    return loaded.kind === "ok" ? "loaded" : loaded.problem.message;
  };

  test("that is cut off, empty or something else is refused", () => {
    expect(messageOf(bytes)).toBe("loaded");
    expect(messageOf(new Uint8Array())).toBe("it has no tokens");
    expect(messageOf(bytes.subarray(0, bytes.length - 3))).toMatch(
      /^it is not a file of SentencePiece: index out of range/,
    );
    expect(messageOf(Buffer.from("[PAD]\n[UNK]\n"))).toMatch(/^it is not a file of SentencePiece: /);
  });
});

test("a table may have some more rows than there are tokens, and no fewer", () => {
  const tokenizer = load(join(folder, "bytes.json"));
  const found = (vocabulary: number, length = 16) =>
    tokenizerProblem("tokenizer.json", tokenizer, [{ name: "input_ids", length, vocabulary }]);
  expect(found(331)).toEqual({ problem: null, warning: null });
  expect(found(331 + 511)).toEqual({ problem: null, warning: null });
  expect(found(331 + 512).warning).toMatch(/^tokenizer\.json has 331 tokens, and the model's table has 843 rows, /);
  expect(found(330).problem?.message).toBe("tokenizer.json has 331 tokens, but the model's table has 330 rows");
  expect(found(400, 2).problem?.message).toBe("`input_ids` takes 2 tokens, but tokenizer.json puts 2 around each text");
});
