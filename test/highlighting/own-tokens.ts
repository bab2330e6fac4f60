import { keywords, lex, type Token } from "../../grammar/index.ts";
import { Unexpected } from "../../grammar/tokens.ts";

/** What a character is, as far as an editor colours it. */
export type Category = "keyword" | "name" | "number" | "string" | "comment" | "symbol" | "blank";

interface Word {
  readonly start: number;
  readonly text: string;
  readonly category: Category;
}

/** The tokens of medctc's own lexer, with what each of them is where it stands. */
function ownTokens(text: string): readonly Word[] {
  const { tokens, comments } = lex(text);
  // A grammar for editors reads line by line.
  const onLine = (first: Token, second: Token): boolean =>
    !text.slice(first.startOffset, second.startOffset).includes("\n");
  const categories = tokens.map((token, index): Category => {
    const { image, tokenType } = token;
    if (/^\d/.test(image)) return "number";
    if (image.startsWith('"')) return "string";
    if (!tokenType.isWord) return tokenType === Unexpected ? "name" : "symbol";
    const [before, after] = [tokens[index - 1], tokens[index + 1]];
    const isName = (before?.image === "." && onLine(before, token)) || (after?.image === "=" && onLine(token, after));
    return image in keywords && !isName ? "keyword" : "name";
  });
  return [
    ...tokens.map(({ image, startOffset }, index) => ({
      start: startOffset,
      text: image,
      category: categories[index] ?? "name",
    })),
    ...comments.map(({ image, startOffset }) => ({ start: startOffset, text: image, category: "comment" as const })),
  ].sort((a, b) => a.start - b.start);
}

/** Words that are keywords at some places, and names elsewhere. */
export const contextual: ReadonlySet<string> = new Set([
  "input",
  "metric",
  "group",
  "add",
  "remove",
  "shared",
  "optional",
  "amends",
]);

/** Where an editor sees something else than the lexer, by what it sees at each character; nothing where they agree on all. */
export function differencesFrom(text: string, seen: readonly Category[]): readonly string[] {
  const found: string[] = [];
  let at = 0;
  for (const { start, text: image, category } of ownTokens(text)) {
    if (text.slice(at, start).trim() !== "") found.push(`${at}: a stretch without a token`);
    const those = new Set(seen.slice(start, start + image.length));
    const isOther = (contextual.has(image) && those.has("keyword")) || (image === "loss" && those.has("name"));
    const fits = those.size === 1 && (those.has(category) || isOther);
    if (!fits) found.push(`${start}: \`${image}\` is ${[...those].join(" and ")} instead of ${category}`);
    at = start + image.length;
  }
  return found;
}
