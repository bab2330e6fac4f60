import type { Comment } from "../comments.ts";
import { positionAt, type Span } from "../source.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { type Document, forceBreak, group, hardLine, indent, join, joinAll, line, softLine } from "./document.ts";

/** Where a list's brackets stand in the source; the comments between them belong to the list. */
export interface ListPlace {
  readonly start: number;
  readonly end: number;
  readonly comments: CommentQueue;
}

/** Elements between brackets, on one line or one to a line; a comment stays beside its element, and breaks the list. */
export function bracketed<Element extends { readonly span: Span }>(
  [open, close]: readonly [open: string, close: string],
  elements: readonly Element[],
  { start, end, comments }: ListPlace,
  format: (element: Element) => Document,
): Document {
  const content: Document[] = [];
  let from = start;
  for (const [index, element] of elements.entries()) {
    if (index > 0) content.push(line);
    for (const comment of comments.take(from, element.span.start)) content.push(comment.text, hardLine);
    content.push(format(element));
    const next = elements[index + 1];
    if (next !== undefined) content.push(",");
    const beside = comments.takeNext(element.span.end, next?.span.start ?? end, (comment) =>
      sharesLine(element.span, comment),
    );
    if (beside !== null) content.push("  ", beside.text, forceBreak);
    from = element.span.end;
  }
  for (const comment of comments.take(from, end))
    content.push(content.length > 0 ? hardLine : forceBreak, comment.text);
  if (content.length === 0) return `${open}${close}`;
  return group(open, indent(join(softLine, joinAll(content))), softLine, close);
}

/** True when a comment stands on the line on which a span ends. */
export function sharesLine(span: Span, comment: Comment): boolean {
  return positionAt(span.source, span.end).line === positionAt(span.source, comment.span.start).line;
}
