const longest = 80;

/** A name or a cell of a file as a message shows it: in backquotes, cut where it is long. */
export function quoted(text: string): string {
  return text.length <= longest ? `\`${text}\`` : `\`${text.slice(0, longest)}\`...`;
}

/** Names as a message lists them: the first few, and how many more there are. */
export function quotedList(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map(quoted).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
