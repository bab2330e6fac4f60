import { createHash } from "node:crypto";
import { printCount } from "../text/index.ts";
import type { Tokenizer } from "./tokenizers/index.ts";

/** How texts fit into the length that a text encoder takes. */
export interface TextLengths {
  readonly texts: number;
  /** Texts that are longer, and tokens of the longest one. */
  readonly cut: number;
  readonly longest: number;
  /** Texts that differ, but not in what is left of them after cutting. */
  readonly alike: number;
  /** Tokens of each text. */
  readonly tokens: readonly number[];
}

export function measureTexts(texts: readonly string[], tokenizer: Tokenizer, length: number): TextLengths {
  let [cut, longest] = [0, 0];
  const counted: number[] = [];
  const wholes = new Map<string, string[]>();
  for (const text of texts) {
    const tokens = tokenizer.count(text);
    counted.push(tokens);
    longest = Math.max(longest, tokens);
    if (tokens < length) continue;
    cut += Number(tokens > length);
    const key = hashOf(tokenizer.encode(text, length).ids);
    const same = wholes.get(key) ?? [];
    if (same.length === 0) wholes.set(key, same);
    same.push(hashOf(tokenizer.encode(text, tokens).ids));
  }
  const alike = [...wholes.values()].reduce((sum, same) => sum + (new Set(same).size > 1 ? same.length : 0), 0);
  return { texts: texts.length, cut, longest, alike, tokens: counted };
}

/** `31 of 400 reports are longer than 512 tokens and are cut; the longest has 890`; null where none is. */
export function describeCut(
  what: "report" | "prompt",
  { texts, cut, longest }: TextLengths,
  length: number,
): string | null {
  if (cut === 0) return null;
  const count = `${printCount(cut)} of ${printCount(texts)} ${what}s`;
  const which =
    cut === 1
      ? `${count} is longer than ${length} tokens and is cut`
      : `${count} are longer than ${length} tokens and are cut`;
  return `${which}; the longest has ${printCount(longest)}`;
}

/** Says that reports cannot be told apart any more, so that a contrastive loss asks for what is impossible; null where all can. */
export function describeAlike({ alike }: TextLengths, length: number): string | null {
  if (alike === 0) return null;
  return `${printCount(alike)} reports differ only after their first ${length} tokens, where they are cut: a contrastive loss cannot tell them apart`;
}

function hashOf(ids: Int32Array): string {
  return createHash("sha256").update(ids).digest("base64");
}
