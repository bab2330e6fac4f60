/** `a`, `a or b`, `a, b or c` */
export function listWords(words: readonly string[], conjunction: "and" | "or"): string {
  const last = words.at(-1);
  if (last === undefined || words.length === 1) return last ?? "";
  return `${words.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}
