/**
 * Text with what no page can hold, or what would reorder the text around it, made visible: control characters but
 * tabs and line ends, halves of surrogate pairs, and marks that override the direction of writing.
 */
export function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}]/gu, (character) => (character === "\n" || character === "\t" ? character : "\uFFFD"))
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
}

/** `&` first: it stands in the others. */
const entities = [
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
] as const;

/** Text for a page or a double-quoted attribute, in HTML and in SVG. */
export function escapeMarkup(text: string): string {
  return entities.reduce((escaped, [character, entity]) => escaped.replaceAll(character, entity), printable(text));
}
