import { tokenSpan } from "./brackets.ts";
import { positionAt, type Source, type Span } from "./source.ts";
import type { Token } from "./tokens.ts";

/** A comment, which the tree leaves out and the formatter puts back. */
export interface Comment {
  /** With its `#`, without blanks at its end. */
  readonly text: string;
  readonly span: Span;
  /** True when nothing stands before it on its line. */
  readonly ownLine: boolean;
}

/** The comments of a text, in order. */
export function readComments(source: Source, tokens: readonly Token[]): readonly Comment[] {
  return tokens.map((token) => {
    const { character } = positionAt(source, token.startOffset);
    const before = source.text.slice(token.startOffset - character, token.startOffset);
    return { text: token.image.trimEnd(), span: tokenSpan(source, token), ownLine: before.trim() === "" };
  });
}
