import type { Expectation, Expression, File, Placement } from "./ast.ts";
import type { Comment } from "./comments.ts";
import { type Diagnostic, hasErrors } from "./diagnostics/index.ts";
import { formatSequence } from "./format/blocks.ts";
import { CommentQueue } from "./format/comment-queue.ts";
import { type Document, print } from "./format/document.ts";
import { formatExpression } from "./format/expressions.ts";
import { formatItem } from "./format/items.ts";
import { formatModelMember } from "./format/members.ts";
import { parse } from "./parser.ts";
import type { Source } from "./source.ts";

/** Columns that a line may have. */
const lineWidth = 120;

/** A tree and its comments in the one form that the language has: two blanks of indentation, 120 columns. */
export function formatFile(file: File, comments: readonly Comment[]): string {
  const queue = new CommentQueue(comments);
  const content = formatSequence(
    file.items,
    { from: file.span.start, to: file.span.end, comments: queue },
    (item) => formatItem(item, queue),
    (before, after) => before.kind !== after.kind || (before.kind !== "import" && before.kind !== "file-let"),
  );
  return content === null ? "" : `${print(content, lineWidth)}\n`;
}

/** Formats a text; null when it has errors, because what could not be read would be lost. */
export function formatSource(source: Source): {
  readonly text: string | null;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { file, comments, diagnostics } = parse(source);
  return { text: hasErrors(diagnostics) ? null : formatFile(file, comments), diagnostics };
}

/** An expectation on one line, without its comments: `trainable / total = 0.38%`. */
export function printExpectation(expectation: Expectation): string {
  return onOneLine(formatModelMember(expectation, noComments())).slice("expect ".length);
}

/** A placement on one line, without its comments: `lora(rank = 8) on text.attn.q,v`. */
export function printPlacement(placement: Placement): string {
  return onOneLine(formatModelMember(placement, noComments()));
}

/** An expression on one line, without its comments. */
export function printExpression(expression: Expression): string {
  return onOneLine(formatExpression(expression, noComments()));
}

function onOneLine(document: Document): string {
  return print(document, Number.POSITIVE_INFINITY);
}

function noComments(): CommentQueue {
  return new CommentQueue([]);
}
