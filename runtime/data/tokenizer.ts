import { basename, join } from "node:path";
import { Tokenizer as WordPieces } from "@huggingface/tokenizers";
import { kindOfPath } from "../files/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { problemOf } from "./problem.ts";
import { readSmallText } from "./small-text.ts";
import { readVocabularyText, type Vocabulary } from "./vocabulary.ts";
import { readVocabularyJson } from "./vocabulary-json.ts";

/** Bytes of a vocabulary's file; BERT's vocab.txt has a quarter million, large tokenizer.json files ten million. */
const largestFile = 32 * 2 ** 20;

export interface Tokens {
  /** Numbers of tokens: start, text, end, then padding. */
  readonly ids: Int32Array;
  /** 1 where there is a token, 0 where there is padding. */
  readonly mask: Int32Array;
}

/** Texts to tokens as Hugging Face's BertTokenizer gives them. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** A text in exactly so many tokens, at least 2: padded, or cut before the last, which is [SEP] then. */
  readonly encode: (text: string, length: number) => Tokens;
  /** How many tokens a text has, its start and end with it, where it is not cut. */
  readonly count: (text: string) => number;
}

/** Files that a data folder may have its vocabulary in; the first that is there counts. */
const names = ["tokenizer.json", "vocab.txt"] as const;

/** The vocabulary's file in a data folder, if it has one. */
export function findVocabulary(folder: string): string | null {
  const paths = names.map((name) => join(folder, name));
  return paths.find((path) => kindOfPath(path) === "file") ?? null;
}

/** Loads a BERT vocabulary: a `vocab.txt`, or a `tokenizer.json` of BERT's kind. */
export function loadTokenizer(path: string): Result<Tokenizer> {
  const file = readSmallText(path, largestFile);
  if (file.kind === "failed") return failed(problemOf(path, file.problem));
  const read = basename(path).endsWith(".json") ? readVocabularyJson(file.value) : readVocabularyText(file.value);
  return read.kind === "failed" ? failed(problemOf(path, read.problem)) : ok(tokenizerOf(read.value));
}

function tokenizerOf(vocabulary: Vocabulary): Tokenizer {
  const { tokens, start, end, padding } = vocabulary;
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const numberOf = (token: string): number => {
    const number = numbers.get(token);
    if (number === undefined) throw new Error(`invariant: the vocabulary has its own token ${token}`);
    return number;
  };
  const [startId, endId, paddingId] = [numberOf(start), numberOf(end), numberOf(padding)];
  const idsOf = encoderOf(vocabulary, numberOf);
  return {
    vocabSize: tokens.length,
    encode: (text, length) => {
      if (length < 2) throw new RangeError(`invariant: ${length} tokens have no room for a start and an end`);
      const found = idsOf(text, length - 2);
      const ids = new Int32Array(length).fill(paddingId);
      ids.set([startId, ...found, endId]);
      return { ids, mask: new Int32Array(length).fill(1, 0, found.length + 2) };
    },
    count: (text) => 2 + idsOf(text, Number.POSITIVE_INFINITY).length,
  };
}

/** Words that are kept with their tokens, and the longest of them: reports repeat a few ten thousand. */
const mostWords = 200_000;
const longestWord = 64;

/**
 * The first tokens of a text, word by word: a text's tokens are those of its words, since nothing in it goes beyond a blank. Words
 * come again and again, and the library takes most of a millisecond for a report.
 */
function encoderOf(
  vocabulary: Vocabulary,
  numberOf: (token: string) => number,
): (text: string, most: number) => readonly number[] {
  const pieces = new WordPieces(libraryForm(vocabulary, numberOf), {});
  const known = new Map<string, readonly number[]>();
  const encode = (text: string): readonly number[] => pieces.encode(alikeText(text, vocabulary)).ids;
  const idsOfWord = (word: string): readonly number[] => {
    const found = known.get(word);
    if (found !== undefined) return found;
    const ids = encode(word);
    if (known.size < mostWords && word.length <= longestWord) known.set(word, ids);
    return ids;
  };
  // A special token may have a blank within it.
  if (vocabulary.special.some((token) => /\s/.test(token))) return (text, most) => encode(text).slice(0, most);
  return (text, most) => {
    const ids: number[] = [];
    for (const word of text.split(/[ \t\r\n]+/)) {
      if (ids.length >= most) break;
      if (word !== "") ids.push(...idsOfWord(word));
    }
    return ids.slice(0, most);
  };
}

/** A vocabulary in the form that the library reads. The frame of start and end is put on here, after cutting. */
function libraryForm(vocabulary: Vocabulary, numberOf: (token: string) => number): object {
  const { tokens, special, unknown, continuation, longestWord } = vocabulary;
  return {
    added_tokens: special.map((content) => ({ id: numberOf(content), content, special: true, normalized: false })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: vocabulary.cleanText,
      handle_chinese_chars: vocabulary.splitChinese,
      strip_accents: vocabulary.stripAccents,
      lowercase: vocabulary.lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: {
      type: "WordPiece",
      vocab: Object.fromEntries(tokens.map((token, index) => [token, index])),
      unk_token: unknown,
      continuing_subword_prefix: continuation,
      max_input_chars_per_word: longestWord,
    },
    post_processor: null,
    decoder: null,
  };
}

/**
 * Where the library reads a text otherwise than BertTokenizer: it does not see Chinese characters beyond U+FFFF, and
 * writes a capital sigma at a word's end as the small one that stands there.
 */
function alikeText(text: string, { splitChinese, lowercase }: Vocabulary): string {
  const split = splitChinese
    ? text.replace(/[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu, " $& ")
    : text;
  return lowercase ? split.replaceAll("Σ", "σ") : split;
}
