import type { Frame } from "./frame.ts";
import type { SentencePieces } from "./sentence-piece-file.ts";
import { unigramEncoder } from "./unigram.ts";

const blank = "▁";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What gives a text's tokens as SentencePiece's own library does: it normalises, and cuts the whole text into pieces. */
function sentencePieceEncoder(model: SentencePieces): (text: string) => readonly number[] {
  const { pieces, unknown } = model;
  const encode = unigramEncoder({ pieces, isUsed: (id) => pieces[id]?.isNormal === true, unknown, round: Math.fround });
  return (text) => encode(normalise(text, model));
}

/** Blanks are written as a letter of their own, which stands at the start of the text, too. */
function normalise(text: string, { charsmap, addsBlank, removesBlanks }: SentencePieces): string {
  const bytes = encoder.encode(text);
  const parts: string[] = [];
  // Blanks at the start are left out, and one of several.
  let isBehindBlank = removesBlanks;
  for (let at = 0; at < bytes.length; ) {
    const found = charsmap?.replacement(bytes, at, bytes.length, "longest") ?? null;
    const end = found === null ? at + widthOf(bytes[at] ?? 0) : at + found.bytes;
    let part = found?.text ?? decoder.decode(bytes.subarray(at, end));
    if (isBehindBlank) part = part.replace(/^ +/, "");
    if (part !== "") {
      isBehindBlank = removesBlanks && part.endsWith(" ");
      parts.push(part);
    }
    at = end;
  }
  const spaced = `${addsBlank && bytes.length > 0 ? blank : ""}${parts.join("").replaceAll(" ", blank)}`;
  let end = spaced.length;
  while (removesBlanks && end > 0 && spaced.charAt(end - 1) === blank) end--;
  return spaced.slice(0, end);
}

/** Bytes of a character by its first one. */
function widthOf(byte: number): number {
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

/**
 * What gives a text's tokens as transformers' tokenizer of such files does. The end, the padding and what is unknown are taken whole from a
 * text; each part between them is cleaned and given to SentencePiece behind the unknown token, whose
 * pieces are then left out, so that a blank at the start is kept.
 */
export function framedEncoder(
  model: SentencePieces,
  { end, padding }: Frame,
  clean: (text: string) => string,
): (text: string) => readonly number[] {
  const encode = sentencePieceEncoder(model);
  const numbers = [...new Set([...end, ...(padding === null ? [] : [padding]), model.unknown])];
  const special = new Map(numbers.map((number) => [model.pieces[number]?.text ?? "", number]));
  const unknown = model.pieces[model.unknown]?.text ?? "";
  const left = encode(unknown).length;
  const longestFirst = [...special.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    `(${longestFirst.map((token) => token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|")})`,
  );
  const alone = model.pieces.findIndex(({ text }) => text === blank);
  return (text) => {
    const parts = `${blank}${text.replaceAll(blank, " ")}`.split(pattern);
    return parts.flatMap((part, index) => {
      if (index % 2 === 1) return [special.get(part) ?? model.unknown];
      if (part === "") return [];
      const ids = encode(unknown + clean(part)).slice(left);
      const isBlankAlone = index === 0 && parts.length > 1 && ids.length === 1 && ids[0] === alone;
      return isBlankAlone ? [] : ids;
    });
  };
}
