/** A word of a shell's command line. In single quotes nothing has a meaning but the quote. */
export function quoteShell(text: string): string {
  return /^[A-Za-z0-9_./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A text in Python: JSON's strings are Python's too. */
export function quotePython(text: string): string {
  return JSON.stringify(text);
}
