/** Blanks as Python's `\s` has them, for a class of characters. */
export const pythonBlanks = "\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const blanks = new RegExp(`[${pythonBlanks}]+`, "g");
const punctuation = /[!-/:-@[-`{-~]/g;

/** A text as big_vision canonicalises it: lower case, ASCII's punctuation left out, single blanks. */
export function canonicalText(text: string): string {
  return text.toLowerCase().replace(punctuation, "").replace(blanks, " ").replace(/^ | $/g, "");
}
