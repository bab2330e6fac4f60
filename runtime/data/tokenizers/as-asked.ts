import { plainTokens, type TextCleaning, type TokenSettings } from "../../../compiler/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";
import { canonicalText } from "./canonical-text.ts";
import { captionText } from "./clean-caption.ts";
import { around, type Frame, framed, leastLength, type Tokens } from "./frame.ts";
import type { OpenVocabulary } from "./open-vocabulary.ts";
import { wordsApart } from "./words-apart.ts";

/** Texts to tokens as the Python libraries give them that a model was trained with. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** The least length that has room for a token of a text. */
  readonly leastLength: number;
  /** A text in exactly so many tokens, at least those of its frame: padded, or cut so that its end still stands there. */
  readonly encode: (text: string, length: number) => Tokens;
  /** How many tokens a text has, its start and end with it, where it is not cut. */
  readonly count: (text: string) => number;
}

const kindNames: Readonly<Record<OpenVocabulary["kind"], string>> = {
  wordpiece: "WordPiece",
  bpe: "byte pairs",
  unigram: "unigrams",
};

const cleanings: Readonly<Record<TextCleaning, (text: string) => string>> = {
  captions: captionText,
  canonical: canonicalText,
  words: wordsApart,
};

const help = "use the tokenizer that the text encoder was trained with; `tokens` in the spec says which it needs";

/** A vocabulary as a model's settings ask for it, or what it has that they do not. */
export function asAsked(vocabulary: OpenVocabulary, asked: TokenSettings | null): Result<Tokenizer, Fault> {
  const settings = asked ?? plainTokens;
  const { kind, numbers, encoder } = vocabulary;
  const { tokenizer, size, clean } = settings;
  if (tokenizer !== null && tokenizer !== kind) {
    return failed(
      fault(`it is a tokenizer of ${kindNames[kind]}, but the model needs one of ${kindNames[tokenizer]}`, help),
    );
  }
  if (size !== null && size !== numbers.size) {
    return failed(fault(`it has ${numbers.size} tokens, but the model's tokenizer has ${size}`, help));
  }
  const frame =
    asked === null ? ok({ ...vocabulary.frame, padding: vocabulary.frame.padding ?? 0 }) : frameOf(vocabulary, asked);
  if (frame.kind === "failed") return frame;
  const { value } = frame;
  const encode = encoder(value, clean === null ? (text) => text : cleanings[clean]);
  return ok({
    vocabSize: numbers.size,
    leastLength: leastLength(value),
    encode: (text, length) => framed((most) => encode(text, most), value, length),
    count: (text) => around(encode(text, Number.POSITIVE_INFINITY), value).length,
  });
}

function frameOf({ frame, isFrameGiven, numbers }: OpenVocabulary, settings: TokenSettings): Result<Frame, Fault> {
  const asked: { start: readonly number[]; end: readonly number[] } = { start: frame.start, end: frame.end };
  for (const place of ["start", "end"] as const) {
    const token = settings[place];
    if (token === null) continue;
    const number = token === "" ? [] : [numbers.get(token)];
    const known = number.filter((each) => each !== undefined);
    if (known.length < number.length) return missing(place, token);
    const isSame = known.join() === frame[place].join();
    if (isFrameGiven && !isSame) {
      const found = frame[place].map((each) => nameOf(each, numbers)).join(" ");
      const [is, needed] = [found, token].map((each) => (each === "" ? "nothing" : quoted(each)));
      return failed(fault(`it puts ${is} at the ${place} of a text, but the model needs ${needed}`, help));
    }
    asked[place] = known;
  }
  const padding = settings.padding === null ? frame.padding : (numbers.get(settings.padding) ?? null);
  if (padding === null) {
    if (settings.padding !== null) return missing("padding", settings.padding);
    const hint = 'name it in the spec, such as `tokens(padding = "<pad>")`';
    return failed(fault("it does not say which token pads a text", hint));
  }
  return ok({ ...frame, ...asked, padding, paddingSide: settings.side ?? frame.paddingSide });
}

function missing(setting: string, token: string): Result<never, Fault> {
  return failed(fault(`it has no token ${quoted(token)}, which the spec names as \`${setting}\``, help));
}

function nameOf(number: number, numbers: ReadonlyMap<string, number>): string {
  return [...numbers].find(([, each]) => each === number)?.[0] ?? String(number);
}
