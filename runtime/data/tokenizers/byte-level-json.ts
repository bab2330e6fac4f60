import { addTokens } from "./added-json.ts";
import { byteLetters } from "./byte-pairs.ts";
import { frameIn } from "./frame-json.ts";
import { type Fields, fieldsOf, flag, only, Refusal, shown, tokensOf } from "./json-fields.ts";
import { mergePairs, mostPairs, type PairTable, pairKey } from "./merge-pairs.ts";
import { normaliserIn } from "./normalizers-json.ts";
import type { Pipeline } from "./pipeline.ts";
import { gpt2Words, splitPatterns } from "./split-patterns.ts";

const help =
  "of byte pairs, CLIP's are supported and those of bytes as RoBERTa, GPT-2, Qwen and Llama 3 have them: " +
  "ByteLevel, alone or after a Split by the pattern of one of these";

/** A tokenizer.json of byte pairs on bytes. Everything that it may ask for is in a closed list. */
export function byteLevelIn(file: Fields, model: Fields): Pipeline {
  only(
    model,
    "model",
    {
      ...{ dropout: [null, 0], continuing_subword_prefix: [null, ""], end_of_word_suffix: [null, ""] },
      byte_fallback: [null, false],
    },
    help,
  );
  const tokens = tokensOf(fieldsOf(model.get("vocab"), "`model.vocab`"));
  const words = new Map(tokens.map((token, index) => [token, index]));
  const pairs = pairsOf(model.get("merges"), words);
  const added = addTokens(file, tokens);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  const normalise = normaliserIn(file.get("normalizer"));
  const split = splitterOf(file.get("pre_tokenizer") ?? null);
  const unknown = unknownOf(model, words);
  const ignoresMerges = flag(model, "model", "ignore_merges", false);
  const encodeWord = (word: string): readonly number[] => {
    const whole = ignoresMerges ? words.get(word) : undefined;
    return whole === undefined ? mergePairs(symbolsOf(word, words, unknown), pairs) : [whole];
  };
  return { kind: "bpe", numbers, added, normalise, split, encodeWord, frame: frameIn(file, numbers) };
}

const letters = byteLetters();
const encoder = new TextEncoder();

function inLetters(word: string): string {
  return Array.from(encoder.encode(word), (byte) => letters.get(byte) ?? "").join("");
}

/** Splits a text into words, written with a letter for each byte. */
function splitterOf(part: unknown): Pipeline["split"] {
  const fields = fieldsOf(part, "`pre_tokenizer`");
  const steps = fields.get("type") === "Sequence" ? fields.get("pretokenizers") : [part];
  const parts = (Array.isArray(steps) ? steps : []).map((step: unknown) => fieldsOf(step, "a step of `pre_tokenizer`"));
  const [first, second] = parts;
  const last = second ?? first;
  const isSplit = second !== undefined && first?.get("type") === "Split";
  if (last?.get("type") !== "ByteLevel" || parts.length !== (isSplit ? 2 : 1)) {
    const types = parts.map((each) => shown(each.get("type"))).join(", ");
    throw new Refusal(
      `its \`pre_tokenizer\` is ${types === "" ? "empty" : types}, which is not supported for byte pairs`,
      help,
    );
  }
  const addsSpace = flag(last, "pre_tokenizer", "add_prefix_space", true);
  const usesWords = flag(last, "pre_tokenizer", "use_regex", true);
  if (isSplit && usesWords) throw new Refusal("its `pre_tokenizer` splits twice, which is not supported", help);
  const pattern = isSplit ? patternOf(first) : usesWords ? gpt2Words : null;
  return (text) => {
    // A Split comes before the space is added, which it then adds to each of its words.
    if (isSplit) {
      const found = pattern === null ? [text] : (text.match(pattern) ?? []);
      return found.map((word) => inLetters(addsSpace && !word.startsWith(" ") ? ` ${word}` : word));
    }
    const spaced = addsSpace && !text.startsWith(" ") ? ` ${text}` : text;
    return (pattern === null ? [spaced] : (spaced.match(pattern) ?? [])).map(inLetters);
  };
}

function patternOf(split: Fields): RegExp {
  only(split, "pre_tokenizer", { behavior: ["Isolated"], invert: [null, false] }, help);
  const written = fieldsOf(split.get("pattern"), "`pre_tokenizer.pattern`").get("Regex");
  const pattern = typeof written === "string" ? splitPatterns.get(written) : undefined;
  if (pattern !== undefined) return pattern;
  throw new Refusal(`its \`pre_tokenizer\` splits by the pattern ${shown(written)}, which is not supported`, help);
}

interface Unknown {
  readonly id: number;
  /** Several in a row are one. */
  readonly isFused: boolean;
}

function unknownOf(model: Fields, words: ReadonlyMap<string, number>): Unknown | null {
  const token = model.get("unk_token") ?? null;
  if (token === null) return null;
  const id = typeof token === "string" ? words.get(token) : undefined;
  if (id === undefined)
    throw new Refusal(`its \`model.unk_token\` is ${shown(token)}, which is not a token of the vocabulary`);
  return { id, isFused: flag(model, "model", "fuse_unk", false) };
}

/** The numbers of a word's letters. What the vocabulary does not have is unknown, or left out where it has no token for that. */
function symbolsOf(word: string, words: ReadonlyMap<string, number>, unknown: Unknown | null): readonly number[] {
  const symbols: number[] = [];
  let wasUnknown = false;
  for (const letter of word) {
    const known = words.get(letter);
    if (known !== undefined) symbols.push(known);
    else if (unknown !== null && !(wasUnknown && unknown.isFused)) symbols.push(unknown.id);
    wasUnknown = known === undefined;
  }
  return symbols;
}

/** Pairs are texts with a space, or lists of two. */
function pairsOf(merges: unknown, words: ReadonlyMap<string, number>): PairTable {
  if (!Array.isArray(merges)) throw new Refusal("its `model.merges` are not a list");
  if (merges.length >= mostPairs) throw new Refusal(`it has ${mostPairs} pairs or more`);
  const made: number[] = [];
  const ranks = new Map<number, number>();
  const given: readonly unknown[] = merges;
  for (const [rank, merge] of given.entries()) {
    const parts: readonly unknown[] = Array.isArray(merge) ? merge : typeof merge === "string" ? merge.split(" ") : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw new Refusal(`its \`model.merges[${rank}]\` is not a pair`);
    }
    const numberOf = (token: string): number => {
      const number = words.get(token);
      if (number === undefined) {
        throw new Refusal(`its \`model.merges[${rank}]\` has ${shown(token)}, which is not a token`);
      }
      return number;
    };
    ranks.set(pairKey(numberOf(left), numberOf(right)), rank);
    made.push(numberOf(left + right));
  }
  return { ranks, made };
}
