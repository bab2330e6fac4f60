/** What Unicode calls white space, which is what Python's and Rust's tokenizers take for a blank. JavaScript's `\s` is another set. */
export const space = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const ending = `[${space}]+(?![^${space}])|[${space}]+`;
/** `(?i:'s|...)`: case is folded, so that the long s is an s. */
const contraction = "'[sSſ]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]";
const lines = `[${space}]*[\\r\\n]+`;

/** GPT-2's and RoBERTa's, which byte-level tokenizers split a text by where they are not told otherwise. */
export const gpt2Words = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|${ending}`,
  "gu",
);

const qwenSource = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const llamaSource = qwenSource.replace("|\\p{N}|", "|\\p{N}{1,3}|");
const gpt2Source = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

function wordsWithin(number: string): RegExp {
  const word = `[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${number}| ?[^${space}\\p{L}\\p{N}]+[\\r\\n]*`;
  return new RegExp(`${contraction}|${word}|${lines}|${ending}`, "gu");
}

/**
 * Patterns that files split a text by, as they write them, and the same in JavaScript. None of them takes longer than in proportion to
 * its text. They match every character, so that nothing lies between two words.
 */
export const splitPatterns: ReadonlyMap<string, RegExp> = new Map([
  [gpt2Source, gpt2Words],
  // Qwen's.
  [qwenSource, wordsWithin("\\p{N}")],
  // Llama 3's.
  [llamaSource, wordsWithin("\\p{N}{1,3}")],
]);
