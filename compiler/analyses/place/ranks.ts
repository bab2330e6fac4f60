/** Ranks that may be tried at once. */
const rankLimit = 1024;

/** Ranks that were read, or a sentence that says what they must be. */
export type ReadRanks =
  | { readonly kind: "ranks"; readonly ranks: readonly number[] }
  | { readonly kind: "wrong"; readonly rule: string };

/** Reads ranks, such as `2..64`, both of which are among them, or `4,8,16`; each once, the lowest first. */
export function readRanks(text: string): ReadRanks {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^\s*([1-9]\d{0,5})(?:\.\.([1-9]\d{0,5}))?\s*$/.exec(part) ?? [];
    if (first === "" || Number(last) < Number(first)) {
      return { kind: "wrong", rule: "Must be whole numbers above 0, such as 2..64 or 4,8,16." };
    }
    for (let rank = Number(first); rank <= Number(last) && found.size <= rankLimit; rank++) found.add(rank);
  }
  if (found.size > rankLimit) return { kind: "wrong", rule: `At most ${rankLimit} are allowed.` };
  return { kind: "ranks", ranks: [...found].sort((a, b) => a - b) };
}
