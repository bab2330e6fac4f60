import type * as ast from "./ast.ts";
import { type Comment, readComments } from "./comments.ts";
import type { Diagnostic } from "./diagnostics/index.ts";
import { FileReader } from "./items.ts";
import { firstErrors } from "./limit.ts";
import { outline } from "./outline.ts";
import type { Source } from "./source.ts";
import { lex } from "./tokens.ts";

export interface ParsedFile {
  /** What could be read; where a diagnostic points, a declaration or a statement may be missing. */
  readonly file: ast.File;
  /** In the order of the text, at most a hundred. */
  readonly diagnostics: readonly Diagnostic[];
  readonly comments: readonly Comment[];
}

/** Reads a `.vlm` text. Every text gives a tree and diagnostics; none gives an exception. */
export function parse(source: Source): ParsedFile {
  const { tokens, comments } = lex(source.text);
  const { chunks, diagnostics } = outline(source, tokens);
  const reader = new FileReader(source, diagnostics);
  const items = reader.items(chunks);
  return {
    file: { kind: "file", items, span: { source, start: 0, end: source.text.length } },
    diagnostics: firstErrors(source, reader.diagnostics),
    comments: readComments(source, comments),
  };
}
