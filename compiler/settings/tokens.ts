import type { SettingReader } from "./reader.ts";

export const tokenizerKinds = ["wordpiece", "bpe", "unigram"] as const;

/**
 * `captions` is what open_clip does with a caption, `canonical` is lower case without punctuation, and `words` is
 * lower case with blanks between words and punctuation, as of NLTK's wordpunct_tokenize.
 */
export const textCleanings = ["captions", "canonical", "words"] as const;
export type TextCleaning = (typeof textCleanings)[number];

/** Which tokenizer a model's texts need, and what is done with a text before. What is null is as the tokenizer's file has it. */
export interface TokenSettings {
  readonly tokenizer: (typeof tokenizerKinds)[number] | null;
  /** How many tokens the tokenizer has. */
  readonly size: number | null;
  readonly clean: TextCleaning | null;
  /** The tokens around a text; "" says that there is none. */
  readonly start: string | null;
  readonly end: string | null;
  readonly padding: string | null;
  /** Where padding stands. */
  readonly side: "left" | "right" | null;
}

export const plainTokens: TokenSettings = {
  ...{ tokenizer: null, size: null, clean: null, start: null, end: null, padding: null, side: null },
};

export const tokenSettingNames = ["tokenizer", "size", "clean", "start", "end", "padding", "side"] as const;

/** Reads which tokenizer texts need, and reports what it cannot mean. */
export function readTokenSettings(reader: SettingReader<(typeof tokenSettingNames)[number]>): TokenSettings {
  return {
    tokenizer: reader.word("tokenizer", tokenizerKinds),
    size: reader.optionalCount("size"),
    clean: reader.word("clean", textCleanings),
    start: reader.anyString("start"),
    end: reader.anyString("end"),
    padding: reader.optionalString("padding"),
    side: reader.word("side", ["left", "right"]),
  };
}
