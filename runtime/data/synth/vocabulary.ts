import { pathologies } from "./pathologies.ts";
import { reportTexts } from "./reports.ts";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const punctuation = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"];
const characters = [..."0123456789abcdefghijklmnopqrstuvwxyz"];

/**
 * A WordPiece vocabulary of fewer than 200 entries, of lower case: each word of a report, of a class and of the usual
 * prompts is one piece, and any other word of a prompt in ASCII is spelled in single characters.
 */
export function vocabulary(): readonly string[] {
  const texts = [...reportTexts, ...pathologies, "is present", "is not present"];
  const words = texts.flatMap((text) => text.toLowerCase().match(/[a-z]{2,}/g) ?? []);
  return [
    ...special,
    ...punctuation,
    ...characters,
    ...characters.map((character) => `##${character}`),
    ...[...new Set(words)].sort(),
  ];
}
