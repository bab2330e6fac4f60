import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { cleanCaption, normaliseCaption } from "./clean-caption.ts";
import type { Side } from "./frame.ts";

/** CLIP's byte pairs with the settings of their tokenizer. */
export interface BytePairs {
  readonly kind: "byte-pairs";
  readonly numbers: ReadonlyMap<string, number>;
  /** Which pair is joined before which, by both parts with a space between. */
  readonly ranks: ReadonlyMap<string, number>;
  /** Tokens that are taken whole from a text. */
  readonly special: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly padding: number;
  readonly paddingSide: Side;
  readonly cutSide: Side;
  /** How a text is cleaned first: as open_clip's own tokenizer does it, or as a tokenizer.json of CLIP says. */
  readonly cleaning: "open_clip" | "tokenizer.json";
}

/** Pairs that open_clip's tokenizer reads of its file, which has more. */
const mostMerges = 49_152 - 256 - 2;
export const wordEnd = "</w>";

/**
 * Reads the pairs of open_clip's and OpenAI's `bpe_simple_vocab_16e6.txt`, one on each line after the first; numbers follow from
 * their order. Hugging Face's `merges.txt` of CLIP has the same.
 */
export function readMerges(text: string): Result<BytePairs, Fault> {
  const merges = text
    .split("\n")
    .slice(1, mostMerges + 1)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const bad = merges.findIndex((line) => line.split(" ").length !== 2);
  if (bad >= 0) return failed(fault(`line ${bad + 2}: not a pair`));
  if (!merges.some((line) => line.endsWith(wordEnd))) {
    return failed(fault(`none of its pairs ends a word with ${wordEnd}`, "is it CLIP's list of byte pairs?"));
  }
  const bytes = [...byteLetters()]
    .sort(([a], [b]) => Number(isPrinted(b)) - Number(isPrinted(a)) || a - b)
    .map(([, letter]) => letter);
  const special = ["<start_of_text>", "<end_of_text>"];
  const tokens = [...bytes, ...bytes.map((letter) => letter + wordEnd), ...merges.map((line) => line.replace(" ", ""))];
  return ok({
    kind: "byte-pairs",
    numbers: new Map([...tokens, ...special].map((token, index) => [token, index])),
    ranks: new Map(merges.map((line, index) => [line, index])),
    special,
    start: tokens.length,
    end: tokens.length + 1,
    padding: 0,
    paddingSide: "right",
    cutSide: "right",
    cleaning: "open_clip",
  });
}

/** Bytes that stand for themselves in a vocabulary; the others are letters from U+0100 on. */
function isPrinted(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/** The letter of each byte. */
export function byteLetters(): ReadonlyMap<number, string> {
  let others = 0;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [byte, String.fromCharCode(isPrinted(byte) ? byte : 0x100 + others++)]),
  );
}

const letters = byteLetters();
/** Words whose tokens are kept, for the next text; longer ones are rare. */
const mostKept = 2 ** 16;
const longestKept = 64;

/** What gives the numbers of a text's first tokens, without start and end. */
export function bytePairEncoder(pairs: BytePairs): (text: string, most: number) => readonly number[] {
  const { numbers, special, cleaning } = pairs;
  const kept = new Map<string, readonly number[]>();
  let longestToken = 0;
  for (const token of numbers.keys()) longestToken = Math.max(longestToken, token.length);
  const clean = cleaning === "open_clip" ? cleanCaption : normaliseCaption;
  const words = wordsOf(pairs);

  const numbersOf = (word: string, most: number): readonly number[] => {
    const whole = special.includes(word) ? numbers.get(word) : undefined;
    if (whole !== undefined) return [whole];
    const known = kept.get(word);
    if (known !== undefined) return known;
    // A word without end is cut far behind what fits: how it is joined there decides nothing.
    const bytes = new TextEncoder().encode(word).subarray(0, 4 * (most + 1) * longestToken);
    const symbols = [...bytes].map((byte) => letters.get(byte) ?? "");
    symbols.push(`${symbols.pop() ?? ""}${wordEnd}`);
    const found = join(symbols, pairs.ranks).map((token) => numberOf(token));
    if (word.length <= longestKept && kept.size < mostKept) kept.set(word, found);
    return found;
  };
  const numberOf = (token: string): number => {
    const number = numbers.get(token);
    if (number === undefined) throw new Error(`invariant: the vocabulary has the token ${token} of its pairs`);
    return number;
  };
  return (text, most) => {
    const found: number[] = [];
    for (const word of words(clean(text))) {
      if (found.length >= most) break;
      found.push(...numbersOf(word, most));
    }
    return found.slice(0, most);
  };
}

/** What splits a cleaned text into words; what is special is one in any case. */
function wordsOf({ special, cleaning }: BytePairs): (text: string) => Iterable<string> {
  const specials = special.map((token) => token.replace(/[|\\{}()[\]^$+*?.]/g, "\\$&")).join("|");
  // open_clip's ignores case here too, so that the long s counts as an s.
  const word = String.raw`'${cleaning === "open_clip" ? "[sſ]" : "s"}|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^ \p{L}\p{N}]+`;
  const pattern = new RegExp(`${specials}|${word}`, "gu");
  if (cleaning === "open_clip") return (text) => text.match(pattern) ?? [];
  // Here they are also found within what is neither letter nor number.
  const split = new RegExp(`(${specials})`, "u");
  return (text) => text.split(split).flatMap((part) => part.match(pattern) ?? []);
}

/** Joins pairs, those of the lowest rank first, until none is left that has a rank. */
function join(symbols: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  const rankAt = (parts: readonly string[], index: number): number =>
    ranks.get(`${parts[index]} ${parts[index + 1]}`) ?? Number.POSITIVE_INFINITY;
  let parts = symbols;
  let rankOf = parts.map((_, index) => rankAt(parts, index));
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    for (const rank of rankOf) if (rank < best) best = rank;
    if (best === Number.POSITIVE_INFINITY) return parts;
    const joined: string[] = [];
    const joinedRanks: number[] = [];
    // Those beside a new part have another rank.
    const stale = -1;
    for (let index = 0; index < parts.length; index++) {
      const isPair = rankOf[index] === best;
      if (isPair && joinedRanks.length > 0) joinedRanks[joinedRanks.length - 1] = stale;
      joined.push(isPair ? `${parts[index] ?? ""}${parts[index + 1] ?? ""}` : (parts[index] ?? ""));
      joinedRanks.push(isPair ? stale : (rankOf[index] ?? stale));
      if (isPair) index++;
    }
    parts = joined;
    rankOf = joinedRanks.map((rank, index) => (rank === stale ? rankAt(joined, index) : rank));
  }
}
