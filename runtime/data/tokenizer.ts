import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Tokenizer as WordPieces } from "@huggingface/tokenizers";
import { kindOfPath } from "../files/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { type BytePairs, bytePairEncoder, readMerges } from "./byte-pairs.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { decodeStrictly, readSmallFile, readSmallText } from "./small-text.ts";
import { readTokenizerJson } from "./tokenizer-json.ts";
import { readVocabularyText, type Vocabulary } from "./vocabulary.ts";

/** Bytes of a vocabulary's file; BERT's vocab.txt has a quarter million, large tokenizer.json files ten million. */
const largestFile = 32 * 2 ** 20;

export interface Tokens {
  /** Numbers of tokens: start, text, end, then padding. */
  readonly ids: Int32Array;
  /** 1 where there is a token, 0 where there is padding. */
  readonly mask: Int32Array;
}

/** Texts to tokens as Hugging Face's BertTokenizer or open_clip's tokenizer gives them. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** A text in exactly so many tokens, at least 2: padded, or cut before the last, which is the end then. */
  readonly encode: (text: string, length: number) => Tokens;
  /** How many tokens a text has, its start and end with it, where it is not cut. */
  readonly count: (text: string) => number;
}

/** Files that a data folder may have its vocabulary in; the first that is there counts. */
const names = ["tokenizer.json", "vocab.txt", "bpe_simple_vocab_16e6.txt.gz"] as const;

/** The vocabulary's file in a data folder, or beside a data set that is a file, if there is one. */
export function findVocabulary(data: string): string | null {
  const folder = kindOfPath(data) === "file" ? dirname(data) : data;
  const paths = names.map((name) => join(folder, name));
  return paths.find((path) => kindOfPath(path) === "file") ?? null;
}

/**
 * Loads a vocabulary: BERT's `vocab.txt`, CLIP's `bpe_simple_vocab_16e6.txt.gz` or the same unpacked, which say in their first
 * line what they are, or a `tokenizer.json` of either kind.
 */
export function loadTokenizer(path: string): Result<Tokenizer> {
  const text = vocabularyText(path);
  if (text.kind === "failed") return failed(problemOf(path, text.problem));
  const read = basename(path).endsWith(".json")
    ? readTokenizerJson(text.value)
    : /^[^\n]*#version:/.test(text.value)
      ? readMerges(text.value)
      : readVocabularyText(text.value);
  if (read.kind === "failed") return failed(problemOf(path, read.problem));
  return ok(read.value.kind === "byte-pairs" ? bytePairTokenizer(read.value) : wordPieceTokenizer(read.value));
}

/** A file's text, unpacked where it is gzip's. */
function vocabularyText(path: string): Result<string, Fault> {
  if (!/\.gz$/i.test(path)) return readSmallText(path, largestFile);
  const file = readSmallFile(path, largestFile);
  if (file.kind === "failed") return file;
  try {
    return decodeStrictly(gunzipSync(file.value, { maxOutputLength: largestFile }));
  } catch {
    const message = `it is not gzip data of at most ${largestFile / 2 ** 20} MiB`;
    return failed(fault(message, "Copy or download it again."));
  }
}

function bytePairTokenizer(pairs: BytePairs): Tokenizer {
  const encode = bytePairEncoder(pairs);
  return {
    vocabSize: pairs.numbers.size,
    encode: (text, length) => framed(encode(text, roomIn(length)), pairs, length),
    count: (text) => 2 + encode(text, Number.POSITIVE_INFINITY).length,
  };
}

/** How many tokens fit between start and end. */
function roomIn(length: number): number {
  if (length < 2) throw new RangeError(`invariant: ${length} tokens have no room for a start and an end`);
  return length - 2;
}

function framed(
  found: readonly number[],
  { start, end, padding }: { readonly start: number; readonly end: number; readonly padding: number },
  length: number,
): Tokens {
  const ids = new Int32Array(length).fill(padding);
  ids.set([start, ...found, end]);
  return { ids, mask: new Int32Array(length).fill(1, 0, found.length + 2) };
}

function wordPieceTokenizer(vocabulary: Vocabulary): Tokenizer {
  const { tokens, start, end, padding } = vocabulary;
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const numberOf = (token: string): number => {
    const number = numbers.get(token);
    if (number === undefined) throw new Error(`invariant: the vocabulary has its own token ${token}`);
    return number;
  };
  const frame = { start: numberOf(start), end: numberOf(end), padding: numberOf(padding) };
  const idsOf = encoderOf(vocabulary, numberOf);
  return {
    vocabSize: tokens.length,
    encode: (text, length) => framed(idsOf(text, roomIn(length)), frame, length),
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
