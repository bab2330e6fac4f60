import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import * as v from "valibot";
import { afterAll, describe, expect, test } from "vitest";
import { findVocabulary, loadTokenizer, type Tokenizer } from "../../runtime/data/tokenizers/index.ts";

/** Captions with their tokens by open_clip and Hugging Face; make_captions.py in the folder says how. */
const folder = "test/fixtures/open-clip";
const ids = v.array(v.number());
const captions = v.parse(
  v.array(v.object({ text: v.string(), open_clip: ids, hugging_face: ids })),
  JSON.parse(readFileSync(join(folder, "captions.json"), "utf8")),
);
const merges = readFileSync(join(folder, "bpe_first_merges.txt.gz"));
const json = readFileSync(join(folder, "clip_tokenizer.json"), "utf8");

const made = mkdtempSync(join(tmpdir(), "medctc-byte-pairs-"));
afterAll(() => rmSync(made, { recursive: true }));

function load(name: string, content: string | Uint8Array): ReturnType<typeof loadTokenizer> {
  writeFileSync(join(made, name), content);
  return loadTokenizer(join(made, name));
}

function loaded(name: string, content: string | Uint8Array): Tokenizer {
  const tokenizer = load(name, content);
  if (tokenizer.kind === "failed") throw new Error(tokenizer.problem.message);
  return tokenizer.value;
}

const packed = loaded("bpe.txt.gz", merges);
const unpacked = loaded("merges.txt", gunzipSync(merges));
const fromJson = loaded("tokenizer.json", json);

describe.each(captions)("the tokens of %j", ({ text, open_clip: clip, hugging_face: face }) => {
  const length = clip.length;
  test("are open_clip's, of a list of pairs that is packed or not", () => {
    expect([...packed.encode(text, length).ids]).toEqual(clip);
    expect([...unpacked.encode(text, length).ids]).toEqual(clip);
  });

  test("are Hugging Face's, of a tokenizer.json", () => {
    expect([...fromJson.encode(text, length).ids]).toEqual(face);
  });
});

describe("a vocabulary of byte pairs", () => {
  test("has a mask for its tokens, and is padded with 0 unless a tokenizer.json says otherwise", () => {
    const { ids: found, mask } = packed.encode("a dog", 6);
    expect([...found]).toEqual([packed.vocabSize - 2, 320, 1929, packed.vocabSize - 1, 0, 0]);
    expect([...mask]).toEqual([1, 1, 1, 1, 0, 0]);
    const padded = loaded("tokenizer.json", json.replace('"padding": null', '"padding": {"pad_id": 3513}'));
    expect([...padded.encode("a dog", 6).ids].slice(4)).toEqual([3513, 3513]);
  });

  test("is found in a data folder", () => {
    const folderOfData = mkdtempSync(join(made, "data-"));
    const path = join(folderOfData, "bpe_simple_vocab_16e6.txt.gz");
    writeFileSync(path, merges);
    expect(findVocabulary(folderOfData)).toBe(path);
  });

  test("reads the pairs of a tokenizer.json as lists too", () => {
    const file: unknown = JSON.parse(json, (key, value: unknown) =>
      key === "merges" && Array.isArray(value) ? value.map((pair) => String(pair).split(" ")) : value,
    );
    const lists = loaded("tokenizer.json", JSON.stringify(file));
    for (const { text, hugging_face: face } of captions) expect([...lists.encode(text, 24).ids]).toEqual(face);
  });

  test("may have very many tokens", () => {
    const fields = v.record(v.string(), v.unknown());
    const file = v.parse(fields, JSON.parse(json));
    const model = v.parse(fields, file["model"]);
    const known = v.parse(v.record(v.string(), v.number()), model["vocab"]);
    const first = Object.keys(known).length;
    const more = Array.from({ length: 300_000 }, (_, index) => [`unused ${index}`, first + index] as const);
    const vocab = { ...known, ...Object.fromEntries(more) };
    const large = loaded("tokenizer.json", JSON.stringify({ ...file, model: { ...model, vocab } }));
    expect([...large.encode("a dog", 6).ids]).toEqual([...fromJson.encode("a dog", 6).ids]);
  });

  test("takes a word without end in a moment", () => {
    const word = Array.from({ length: 1_000_000 }, (_, index) => "abcdefghij"[(index * index) % 7]).join("");
    expect([...packed.encode(word, 77).ids].at(-1)).toBe(packed.vocabSize - 1);
  });

  const wrong: readonly (readonly [string, string, string | Uint8Array, string])[] = [
    ["a line of three", "bpe.txt", "#version: 0.2\ni n</w>\na b c\n", "line 3: not a pair"],
    ["GPT-2's pairs", "merges.txt", "#version: 0.2\n\u0120 t\n", "none of its pairs ends a word with </w>"],
    ["damaged gzip data", "bpe.txt.gz", merges.subarray(0, 500), "it is not gzip data of at most 32 MiB"],
    ["a gzip bomb", "bpe.txt.gz", gzipSync(Buffer.alloc(2 ** 25 + 1)), "it is not gzip data of at most 32 MiB"],
    ["another normalizer", "tokenizer.json", json.replace('"NFC"', '"NFKC"'), "its `normalizer` is not CLIP's"],
    ["another pattern", "tokenizer.json", json.replace("'ll", "(a+)+$"), "its `pre_tokenizer` is not CLIP's"],
    ["another frame", "tokenizer.json", json.replace("Roberta", "Bert"), "its `post_processor` is not CLIP's"],
    [
      "dropout",
      "tokenizer.json",
      json.replace('"dropout": null', '"dropout": 0.1'),
      "its `model.dropout` is not supported",
    ],
    [
      "a pair that is no token",
      "tokenizer.json",
      json.replace('"merges": ["i n"', '"merges": ["i nn"'),
      "its vocabulary has no `inn`",
    ],
    [
      "half a pair",
      "tokenizer.json",
      json.replace('"merges": ["i n"', '"merges": ["in"'),
      "its `model.merges[0]` is not a pair",
    ],
    [
      "padding that is no token",
      "tokenizer.json",
      json.replace('"padding": null', '"padding": {"pad_id": 3514}'),
      "its `padding.pad_id` is not the number of a token",
    ],
  ];
  test.each(wrong)("is refused with %s", (_, name, content, message) => {
    const refused = load(name, content);
    expect(refused).toMatchObject({ kind: "failed", problem: { subject: join(made, name), message } });
  });
});
