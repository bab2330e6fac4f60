import { space } from "./split-patterns.ts";

/** A token that is taken whole from a text, before anything else is done with it. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** It is looked for in the normalised text. */
  readonly normalized: boolean;
  /** It counts only where no word goes on beside it. */
  readonly singleWord: boolean;
  /** Blanks before it or behind it are its own. */
  readonly leftBlanks: boolean;
  readonly rightBlanks: boolean;
}

/** A part of a text: an added token, or what lies between two. */
export type Section = { readonly id: number } | { readonly text: string; readonly isFirst: boolean };

const blank = new RegExp(`[${space}]`);
const word = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]";
const wordAtEnd = new RegExp(`${word}$`, "u");
const wordAtStart = new RegExp(`^${word}`, "u");

/** What finds added tokens in a text, of those that start at one place the longest. */
export function sectionFinder(added: readonly AddedToken[]): (text: string, isFirst: boolean) => readonly Section[] {
  if (added.length === 0) return (text, isFirst) => (text === "" ? [] : [{ text, isFirst }]);
  const tokens = new Map(added.map((token) => [token.content, token]));
  const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"),
    "g",
  );
  return (text, isFirst) => {
    const sections: Section[] = [];
    const pushText = (from: number, to: number): void => {
      if (to > from) sections.push({ text: text.slice(from, to), isFirst: isFirst && from === 0 });
    };
    let done = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = tokens.get(content);
      if (token === undefined) continue;
      let [from, to] = [index, index + content.length];
      const isWithin =
        wordAtEnd.test(text.slice(Math.max(0, from - 2), from)) || wordAtStart.test(text.slice(to, to + 2));
      if (token.singleWord && isWithin) continue;
      while (token.leftBlanks && from > done && blank.test(text.charAt(from - 1))) from--;
      while (token.rightBlanks && to < text.length && blank.test(text.charAt(to))) to++;
      pushText(done, from);
      sections.push({ id: token.id });
      done = to;
    }
    pushText(done, text.length);
    return sections;
  };
}
