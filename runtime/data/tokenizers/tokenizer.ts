import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { plainTokens, type TokenSettings } from "../../../compiler/index.ts";
import { kindOfPath } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault, problemOf } from "../problem.ts";
import { decodeStrictly, readSmallFile } from "../small-text.ts";
import { asAsked, type Tokenizer } from "./as-asked.ts";
import { type BytePairs, readMerges } from "./byte-pairs.ts";
import { openVocabulary } from "./open-vocabulary.ts";
import type { Pipeline } from "./pipeline.ts";
import { readSentencePieces, type SentencePieces } from "./sentence-piece-file.ts";
import { readTokenizerJson } from "./tokenizer-json.ts";
import { readVocabularyText, type Vocabulary } from "./vocabulary.ts";

/** Bytes of a vocabulary's file; BERT's vocab.txt has a quarter million, large tokenizer.json files ten million. */
const largestFile = 32 * 2 ** 20;

/** Files that a data folder may have its vocabulary in; the first that is there counts. */
const names = ["tokenizer.json", "vocab.txt", "spiece.model", "bpe_simple_vocab_16e6.txt.gz"] as const;

/** The vocabulary's file in a data folder, or beside a data set that is a file, if there is one. */
export function findVocabulary(data: string): string | null {
  const folder = kindOfPath(data) === "file" ? dirname(data) : data;
  const paths = names.map((name) => join(folder, name));
  return paths.find((path) => kindOfPath(path) === "file") ?? null;
}

/**
 * Loads a vocabulary: BERT's `vocab.txt`, CLIP's `bpe_simple_vocab_16e6.txt.gz` or the same unpacked, which say in their first
 * line what they are, SentencePiece's `spiece.model`, or a `tokenizer.json` of any of these kinds. It is a problem where a file is not what
 * a model's settings ask for. Without a model they are null: texts have the lengths that they have, padded with anything.
 */
export function loadTokenizer(path: string, settings: TokenSettings | null = plainTokens): Result<Tokenizer> {
  const read = readVocabulary(path);
  if (read.kind === "failed") return failed(problemOf(path, read.problem));
  const tokenizer = asAsked(openVocabulary(read.value), settings);
  return tokenizer.kind === "failed" ? failed(problemOf(path, tokenizer.problem)) : tokenizer;
}

function readVocabulary(path: string): Result<Vocabulary | BytePairs | Pipeline | SentencePieces, Fault> {
  const bytes = vocabularyBytes(path);
  if (bytes.kind === "failed") return bytes;
  if (path.endsWith(".model")) return readSentencePieces(bytes.value);
  const text = decodeStrictly(bytes.value);
  if (text.kind === "failed") return text;
  if (basename(path).endsWith(".json")) return readTokenizerJson(text.value);
  return /^[^\n]*#version:/.test(text.value) ? readMerges(text.value) : readVocabularyText(text.value);
}

/** A file's bytes, unpacked where it is gzip's. */
function vocabularyBytes(path: string): Result<Uint8Array, Fault> {
  const file = readSmallFile(path, largestFile);
  if (file.kind === "failed" || !/\.gz$/i.test(path)) return file;
  try {
    return ok(gunzipSync(file.value, { maxOutputLength: largestFile }));
  } catch {
    const message = `it is not gzip data of at most ${largestFile / 2 ** 20} MiB`;
    return failed(fault(message, "Copy or download it again."));
  }
}
