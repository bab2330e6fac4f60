import type { TokenSettings } from "../../../compiler/index.ts";
import { type BytePairs, bytePairEncoder } from "./byte-pairs.ts";
import { type Frame, plainFrame } from "./frame.ts";
import { type Pipeline, pipelineEncoder } from "./pipeline.ts";
import { framedEncoder } from "./sentence-piece.ts";
import type { SentencePieces } from "./sentence-piece-file.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { wordPieceEncoder } from "./word-pieces.ts";

/** What gives the first tokens of a text, without its frame. */
export type Encode = (text: string, most: number) => readonly number[];

/** A vocabulary of any kind, before a model's settings are laid over it. */
export interface OpenVocabulary {
  readonly kind: NonNullable<TokenSettings["tokenizer"]>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly frame: Frame;
  /** Whether the file says what stands around a text, or that is only what such files usually go with. */
  readonly isFrameGiven: boolean;
  /** `clean` is for the parts of a text that lie between special tokens, where a kind cleans these alone. */
  readonly encoder: (frame: Frame, clean: (text: string) => string) => Encode;
}

export function openVocabulary(vocabulary: Vocabulary | BytePairs | Pipeline | SentencePieces): OpenVocabulary {
  const cleaningAll =
    (encode: Encode) =>
    (_: Frame, clean: (text: string) => string): Encode => {
      return (text, most) => encode(clean(text), most);
    };
  switch (vocabulary.kind) {
    case "word-pieces": {
      const { tokens, paddingSide, cutSide } = vocabulary;
      const numbers = new Map(tokens.map((token, index) => [token, index]));
      const numberOf = (token: string): number => numbers.get(token) ?? 0;
      const plain = plainFrame(numberOf(vocabulary.start), numberOf(vocabulary.end), numberOf(vocabulary.padding));
      const frame = { ...plain, paddingSide, cutSide };
      const encoder = cleaningAll(wordPieceEncoder(vocabulary, numbers));
      return { kind: "wordpiece", numbers, frame, isFrameGiven: true, encoder };
    }
    case "byte-pairs": {
      const { start, end, padding, paddingSide, cutSide, numbers } = vocabulary;
      const frame = { ...plainFrame(start, end, padding), paddingSide, cutSide };
      return { kind: "bpe", numbers, frame, isFrameGiven: true, encoder: cleaningAll(bytePairEncoder(vocabulary)) };
    }
    case "bpe":
    case "unigram": {
      const { kind, numbers, frame } = vocabulary;
      return { kind, numbers, frame, isFrameGiven: true, encoder: cleaningAll(pipelineEncoder(vocabulary)) };
    }
    case "sentence-pieces": {
      const { end, padding, pieces } = vocabulary;
      return {
        kind: "unigram",
        numbers: new Map(pieces.map(({ text }, index) => [text, index])),
        frame: {
          ...{ start: [], end: end === null ? [] : [end], padding: padding ?? end },
          ...{ paddingSide: "right", cutSide: "right", endsOnce: true },
        },
        isFrameGiven: false,
        encoder: (frame, clean) => {
          const encode = framedEncoder(vocabulary, frame, clean);
          return (text, most) => encode(text).slice(0, most);
        },
      };
    }
  }
}
