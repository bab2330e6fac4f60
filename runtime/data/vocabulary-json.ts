import { quoted } from "./quoted.ts";
import { mostTokens, type Vocabulary } from "./vocabulary.ts";

const mostAdded = 1000;
const longestWordLimit = 1000;

/** The rule that a tokenizer.json breaks. */
export class Refusal extends Error {
  readonly help: string | null;

  constructor(message: string, help: string | null = null) {
    super(message);
    this.help = help;
  }
}

const onlyBert =
  "besides CLIP's byte pairs, only BERT's WordPiece is supported: BertNormalizer, BertPreTokenizer, WordPiece, [CLS] text [SEP]";

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
  const special = addTokens(file.get("added_tokens"), tokens);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const { start, end } = frameOf(partOf(file, "post_processor", ["TemplateProcessing", "BertProcessing"]), numbers);
  const padding = file.get("padding");
  const padToken =
    padding === null || padding === undefined ? "[PAD]" : fieldsOf(padding, "`padding`").get("pad_token");
  const lowercase = flag(normalizer, "lowercase", true);
  return {
    kind: "word-pieces",
    tokens,
    special,
    unknown: tokenNamed(model.get("unk_token"), "model.unk_token", numbers),
    start,
    end,
    padding: tokenNamed(padToken, "padding.pad_token", numbers),
    continuation: shortText(model.get("continuing_subword_prefix"), "model.continuing_subword_prefix"),
    longestWord: wordLength(model.get("max_input_chars_per_word")),
    lowercase,
    stripAccents: flag(normalizer, "strip_accents", lowercase),
    cleanText: flag(normalizer, "clean_text", true),
    splitChinese: flag(normalizer, "handle_chinese_chars", true),
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

export function tokensOf(vocab: ReadonlyMap<string, unknown>): string[] {
  if (vocab.size > mostTokens) throw new Refusal(`it has more than ${mostTokens} tokens`);
  const tokens = new Array<string | null>(vocab.size).fill(null);
  for (const [token, number] of vocab) {
    const free = typeof number === "number" ? tokens[number] : undefined;
    if (typeof number !== "number" || free === undefined) {
      throw new Refusal(`the token ${quoted(token)} has no number from 0 to ${vocab.size - 1}`);
    }
    if (free !== null)
      throw new Refusal(`the tokens ${quoted(free)} and ${quoted(token)} have the same number ${number}`);
    tokens[number] = token;
  }
  return tokens.filter((token) => token !== null);
}

/** Adds `added_tokens` to the others, and gives those that are taken whole from a text. */
export function addTokens(
  added: unknown,
  tokens: string[],
  unsupported: readonly string[] = ["single_word", "lstrip", "rstrip", "normalized"],
): readonly string[] {
  if (added === undefined || added === null) return [];
  if (!Array.isArray(added)) throw new Refusal("its `added_tokens` are not a list");
  if (added.length > mostAdded) throw new Refusal(`it has more than ${mostAdded} added tokens`);
  const known = new Set(tokens);
  return added.map((each: unknown, index) => {
    const where = `\`added_tokens[${index}]\``;
    const fields = fieldsOf(each, where);
    const content = shortText(fields.get("content"), `added_tokens[${index}].content`);
    for (const name of unsupported) {
      if (fields.get(name) === true) throw new Refusal(`${where} is \`${name}\`, which is not supported`, onlyBert);
    }
    const id = fields.get("id");
    if (id === tokens.length && !known.has(content)) {
      tokens.push(content);
      known.add(content);
    }
    if (typeof id !== "number" || tokens[id] !== content) {
      throw new Refusal(`${where} ${quoted(content)} has a different number in the vocabulary`);
    }
    return content;
  });
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

/** `["[CLS]", 101]`, which must agree with the vocabulary. */
export function numbered(pair: unknown, where: string, numbers: ReadonlyMap<string, number>): string {
  const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
  const [token, number] = parts;
  const name = tokenNamed(token, where, numbers);
  if (numbers.get(name) === number) return name;
  throw new Refusal(`its \`${where}\` has a different number in the vocabulary`);
}

function tokenNamed(value: unknown, where: string, numbers: ReadonlyMap<string, number>): string {
  const name = shortText(value, where);
  if (numbers.has(name)) return name;
  throw new Refusal(`its \`${where}\` is ${quoted(name)}, which is not a token of the vocabulary`);
}

function shortText(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= 100) return value;
  throw new Refusal(`its \`${where}\` is not a text of 1 to 100 characters`);
}

function wordLength(value: unknown): number {
  if (value === undefined) return 100;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= longestWordLimit) return value;
  throw new Refusal(`its \`model.max_input_chars_per_word\` is not a whole number from 1 to ${longestWordLimit}`);
}

/** True or false; null and a missing field take what else holds. */
function flag(fields: ReadonlyMap<string, unknown>, name: string, otherwise: boolean): boolean {
  const value = fields.get(name) ?? otherwise;
  if (typeof value === "boolean") return value;
  throw new Refusal(`its \`normalizer.${name}\` is neither true nor false`);
}

/** The fields of a JSON object in a map, so that no name means anything of its own. */
export function fieldsOf(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return new Map<string, unknown>(Object.entries(value));
  }
  throw new Refusal(`${what} is not an object with fields`);
}
