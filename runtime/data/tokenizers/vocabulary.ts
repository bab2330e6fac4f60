import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import type { Side } from "./frame.ts";

/** BERT's WordPiece tokens with the settings of their tokenizer. */
export interface Vocabulary {
  readonly kind: "word-pieces";
  /** By number; no two are alike. */
  readonly tokens: readonly string[];
  /** Tokens that are also taken whole from a text, as `[SEP]`. */
  readonly special: readonly string[];
  readonly unknown: string;
  readonly start: string;
  readonly end: string;
  readonly padding: string;
  /** What a piece starts with that goes on with a word. */
  readonly continuation: string;
  /** Words of more characters are unknown. */
  readonly longestWord: number;
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
  readonly cleanText: boolean;
  readonly splitChinese: boolean;
  readonly paddingSide: Side;
  readonly cutSide: Side;
}

export const mostTokens = 1_000_000;

/** Tokens that BERT's texts are framed with: every vocabulary has them. */
const needed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] as const;

/** Reads a `vocab.txt`, a token on each line, with the settings of Hugging Face's BertTokenizer, or says which rule it breaks. */
export function readVocabularyText(text: string): Result<Vocabulary, Fault> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > mostTokens) return wrong(`it has more than ${mostTokens} tokens`);
  const seen = new Map<string, number>();
  for (const [index, token] of lines.entries()) {
    if (token === "") return wrong(`line ${index + 1}: no token`);
    const first = seen.get(token);
    if (first !== undefined) {
      return wrong(`line ${index + 1}: duplicate of the token in line ${first}`);
    }
    seen.set(token, index + 1);
  }
  const missing = needed.filter((token) => !seen.has(token));
  if (missing.length > 0) return wrong(`it has no ${missing.join(", ")}`, "is it a BERT vocab.txt?");
  const vocabulary: Vocabulary = {
    kind: "word-pieces",
    tokens: lines,
    special: [...needed, "[MASK]"].filter((token) => seen.has(token)),
    unknown: "[UNK]",
    start: "[CLS]",
    end: "[SEP]",
    padding: "[PAD]",
    continuation: "##",
    longestWord: 100,
    lowercase: true,
    stripAccents: true,
    cleanText: true,
    splitChinese: true,
    paddingSide: "right",
    cutSide: "right",
  };
  return ok(vocabulary);
}

function wrong(message: string, help: string | null = null): Result<never, Fault> {
  return failed(fault(message, help));
}
