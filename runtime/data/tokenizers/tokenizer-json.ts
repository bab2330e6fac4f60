import { parseJson } from "../../json/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";
import { addTokens } from "./added-json.ts";
import { byteLevelIn } from "./byte-level-json.ts";
import { type BytePairs, byteLetters, wordEnd } from "./byte-pairs.ts";
import { sidesOf } from "./frame-json.ts";
import { type Fields, fieldsOf, numbered, Refusal, shown, tokensOf } from "./json-fields.ts";
import type { Pipeline } from "./pipeline.ts";
import { unigramIn } from "./unigram-json.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { vocabularyIn } from "./vocabulary-json.ts";

const deepest = 32;
/** A map of normalised characters in base64 has a third of a million. */
const longestString = 4_000_000;

/** Reads a `tokenizer.json`, or says what it asks for that is not supported. */
export function readTokenizerJson(text: string): Result<Vocabulary | BytePairs | Pipeline, Fault> {
  try {
    const read = parseJson(text, { depth: deepest, string: longestString });
    if (read.kind === "failed") throw new Refusal(read.problem);
    const file = fieldsOf(read.value, "the file");
    const model = fieldsOf(file.get("model"), "`model`");
    return ok(tokenizerIn(file, model));
  } catch (error) {
    if (error instanceof Refusal) return failed(fault(error.message, error.help));
    throw error;
  }
}

function tokenizerIn(file: Fields, model: Fields): Vocabulary | BytePairs | Pipeline {
  const type = model.get("type");
  switch (type) {
    case "WordPiece":
      return vocabularyIn(file);
    case "BPE":
      return model.get("end_of_word_suffix") === wordEnd ? bytePairsIn(file, model) : byteLevelIn(file, model);
    case "Unigram":
      return unigramIn(file, model);
    default:
      throw new Refusal(`its \`model\` is ${shown(type)}, but \`WordPiece\`, \`BPE\` or \`Unigram\` is expected`);
  }
}

const word = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const normalizer = {
  type: "Sequence",
  normalizers: [
    { type: "NFC" },
    { type: "Replace", pattern: { Regex: String.raw`\s+` }, content: " " },
    { type: "Lowercase" },
  ],
};
/** With and without the special tokens in the pattern: these are found before. */
const preTokenizers = [word, String.raw`<\|startoftext\|>|<\|endoftext\|>|${word}`].map((Regex) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex }, behavior: "Removed", invert: true },
    { type: "ByteLevel", add_prefix_space: false },
  ],
}));
const onlyClip = "of byte pairs with </w>, only CLIP's are supported: NFC, blanks, lower case; RobertaProcessing";

/** CLIP's kind. What it may have is a closed list as well; it is padded with 0 as open_clip does, unless it has a padding. */
function bytePairsIn(file: Fields, model: Fields): BytePairs {
  if (!has(file.get("normalizer"), normalizer)) throw new Refusal("its `normalizer` is not CLIP's", onlyClip);
  if (!preTokenizers.some((each) => has(file.get("pre_tokenizer"), each))) {
    throw new Refusal("its `pre_tokenizer` is not CLIP's", onlyClip);
  }
  for (const name of ["dropout", "byte_fallback", "ignore_merges", "continuing_subword_prefix"]) {
    const value = model.get(name) ?? false;
    if (value !== false && value !== "") throw new Refusal(`its \`model.${name}\` is not supported`, onlyClip);
  }
  const tokens = tokensOf(fieldsOf(model.get("vocab"), "`model.vocab`"));
  const added = addTokens(file, tokens, ["single_word", "lstrip", "rstrip"], onlyClip);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const processor = fieldsOf(file.get("post_processor"), "`post_processor`");
  if (processor.get("type") !== "RobertaProcessing") throw new Refusal("its `post_processor` is not CLIP's", onlyClip);
  const numberOf = (token: string): number => {
    const number = numbers.get(token);
    if (number === undefined) throw new Refusal(`its vocabulary has no ${quoted(token)}`);
    return number;
  };
  for (const letter of byteLetters().values()) for (const end of ["", wordEnd]) numberOf(letter + end);
  return {
    kind: "byte-pairs",
    numbers,
    ranks: ranksOf(model.get("merges"), numberOf),
    special: added.map(({ content }) => content),
    start: numberOf(numbered(processor.get("cls"), "post_processor.cls", numbers)),
    end: numberOf(numbered(processor.get("sep"), "post_processor.sep", numbers)),
    padding: paddingOf(file.get("padding"), tokens.length),
    ...sidesOf(file),
    cleaning: "tokenizer.json",
  };
}

/** Pairs are texts with a space, or lists of two. */
function ranksOf(merges: unknown, numberOf: (token: string) => number): ReadonlyMap<string, number> {
  if (!Array.isArray(merges)) throw new Refusal("its `model.merges` are not a list");
  const pairs = merges.map((merge: unknown, index) => {
    const parts: readonly unknown[] = Array.isArray(merge) ? merge : typeof merge === "string" ? merge.split(" ") : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Refusal(`its \`model.merges[${index}]\` is not a pair`);
    }
    numberOf(left + right);
    return `${left} ${right}`;
  });
  return new Map(pairs.map((pair, index) => [pair, index]));
}

function paddingOf(padding: unknown, tokens: number): number {
  if (padding === null || padding === undefined) return 0;
  const number = fieldsOf(padding, "`padding`").get("pad_id");
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < tokens) return number;
  throw new Refusal("its `padding.pad_id` is not the number of a token");
}

/** Whether a value from a file has all that is wanted; it may have more fields. */
function has(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(value) && value.length === wanted.length && wanted.every((each, index) => has(value[index], each))
    );
  }
  if (typeof wanted !== "object" || wanted === null) return value === wanted;
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(wanted).every(([name, each]) => has(fields.get(name), each));
}
