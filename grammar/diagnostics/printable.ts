/** What a terminal would obey, or what would reorder or hide the text around it. */
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from elsewhere as one line, with what would move a terminal's cursor or change its colours written as escapes. */
export function printable(text: string): string {
  return text.replace(obeyed, escapeOf);
}

/** The same of text that has lines of its own: they stay. */
export function printableLines(text: string): string {
  return text.replace(obeyed, (character) => (character === "\n" ? character : escapeOf(character)));
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
