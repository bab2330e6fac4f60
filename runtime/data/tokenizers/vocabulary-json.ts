import { quoted } from "../quoted.ts";
import { addTokens } from "./added-json.ts";
import { sidesOf } from "./frame-json.ts";
import { fieldsOf, flag, numbered, Refusal, shortText, tokenNamed, tokensOf } from "./json-fields.ts";
import type { Vocabulary } from "./vocabulary.ts";

const longestWordLimit = 1000;

const onlyBert =
  "of WordPiece, only BERT's is supported: BertNormalizer, BertPreTokenizer, WordPiece, [CLS] text [SEP]";

/**
 * BERT's kind of tokenizer.json. The parts that it may have are a closed list without patterns of its own, so that no text can
 * make a pattern run forever. Its truncation and padding lengths are left to the caller, its decoder is not needed. Throws a
 * Refusal.
 */
export function vocabularyIn(file: ReadonlyMap<string, unknown>): Vocabulary {
  const model = partOf(file, "model", ["WordPiece"]);
  const normalizer = partOf(file, "normalizer", ["BertNormalizer"]);
  partOf(file, "pre_tokenizer", ["BertPreTokenizer"]);
  const tokens = tokensOf(fieldsOf(model.get("vocab"), "`model.vocab`"));
  const added = addTokens(file, tokens, ["single_word", "lstrip", "rstrip", "normalized"], onlyBert);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const { start, end } = frameOf(partOf(file, "post_processor", ["TemplateProcessing", "BertProcessing"]), numbers);
  const padding = file.get("padding");
  const padToken =
    padding === null || padding === undefined ? "[PAD]" : fieldsOf(padding, "`padding`").get("pad_token");
  const lowercase = flag(normalizer, "normalizer", "lowercase", true);
  return {
    kind: "word-pieces",
    tokens,
    special: added.map(({ content }) => content),
    unknown: tokenNamed(model.get("unk_token"), "model.unk_token", numbers),
    start,
    end,
    padding: tokenNamed(padToken, "padding.pad_token", numbers),
    continuation: shortText(model.get("continuing_subword_prefix"), "model.continuing_subword_prefix"),
    longestWord: wordLength(model.get("max_input_chars_per_word")),
    lowercase,
    stripAccents: flag(normalizer, "normalizer", "strip_accents", lowercase),
    cleanText: flag(normalizer, "normalizer", "clean_text", true),
    splitChinese: flag(normalizer, "normalizer", "handle_chinese_chars", true),
    ...sidesOf(file),
  };
}

/** A part with a type of the closed list. */
function partOf(
  file: ReadonlyMap<string, unknown>,
  name: string,
  types: readonly string[],
): ReadonlyMap<string, unknown> {
  const part = fieldsOf(file.get(name), `\`${name}\``);
  const type = part.get("type");
  if (types.some((each) => each === type)) return part;
  const found = typeof type === "string" ? quoted(type) : "without a type";
  throw new Refusal(`its \`${name}\` is ${found}, but ${types.map(quoted).join(" or ")} is expected`, onlyBert);
}

/** The tokens before and behind a text. */
function frameOf(
  processor: ReadonlyMap<string, unknown>,
  numbers: ReadonlyMap<string, number>,
): { readonly start: string; readonly end: string } {
  if (processor.get("type") === "BertProcessing") {
    return {
      start: numbered(processor.get("cls"), "post_processor.cls", numbers),
      end: numbered(processor.get("sep"), "post_processor.sep", numbers),
    };
  }
  const single = processor.get("single");
  const items: readonly unknown[] = Array.isArray(single) ? single : [];
  const [start, text, end] = items.map((item) => [...fieldsOf(item, "an item of `post_processor.single`")][0]);
  const isFrame = start?.[0] === "SpecialToken" && text?.[0] === "Sequence" && end?.[0] === "SpecialToken";
  if (!isFrame || items.length !== 3)
    throw new Refusal("its `post_processor.single` is not [CLS] text [SEP]", onlyBert);
  const name = (value: unknown) =>
    tokenNamed(fieldsOf(value, "`post_processor.single`").get("id"), "post_processor.single", numbers);
  return { start: name(start[1]), end: name(end[1]) };
}

function wordLength(value: unknown): number {
  if (value === undefined) return 100;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= longestWordLimit) return value;
  throw new Refusal(`its \`model.max_input_chars_per_word\` is not a whole number from 1 to ${longestWordLimit}`);
}
