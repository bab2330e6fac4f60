import { pythonBlanks } from "./canonical-text.ts";

const wordsAndMarks = new RegExp(`[\\p{L}\\p{N}_]+|[^\\p{L}\\p{N}_${pythonBlanks}]+`, "gu");

/** A text in lower case, with one blank between its words and what else stands together in it: NLTK's wordpunct_tokenize. */
export function wordsApart(text: string): string {
  return text.toLowerCase().match(wordsAndMarks)?.join(" ") ?? "";
}
