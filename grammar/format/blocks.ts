import type { Comment } from "../comments.ts";
import { positionAt, type Span } from "../source.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { type Document, hardLine, indent, join, joinAll } from "./document.ts";
import { sharesLine } from "./lists.ts";

/** Where a body stands in the source, from the end of its head to its closing brace. */
export interface Block {
  readonly from: number;
  readonly to: number;
  readonly comments: CommentQueue;
}

interface Spanned {
  readonly span: Span;
}

/** A body in braces, one statement to a line; `{}` when there is nothing in it. */
export function formatBlock<Node extends Spanned>(
  nodes: readonly Node[],
  block: Block,
  format: (node: Node) => Document,
): Document {
  const { from, to, comments } = block;
  const first = nodes[0]?.span.start ?? to;
  const beside = comments.takeNext(from, first, (comment) => !comment.ownLine);
  const content = formatSequence(nodes, block, format);
  if (content === null) return beside === null ? "{}" : join("{  ", beside.text, hardLine, "}");
  return join("{", beside === null ? "" : join("  ", beside.text), indent(join(hardLine, content)), hardLine, "}");
}

/**
 * Nodes one to a line with their comments, or null when there are neither. An author's blank line is kept, several
 * become one; `isApart` puts a blank line between two nodes in any case.
 */
export function formatSequence<Node extends Spanned>(
  nodes: readonly Node[],
  { from, to, comments }: Block,
  format: (node: Node) => Document,
  isApart: (before: Node, after: Node) => boolean = () => false,
): Document | null {
  const lines: Document[] = [];
  let before: { readonly node: Node | null; readonly span: Span } | null = null;
  let position = from;
  const start = (span: Span, node: Node | null): void => {
    if (before !== null) {
      lines.push(hardLine);
      const apart = before.node !== null && node !== null && isApart(before.node, node);
      if (apart || isBlankBetween(before.span, span)) lines.push(hardLine);
    }
    before = { node, span };
  };
  const placeComment = (comment: Comment, next: Node | null): void => {
    start(comment.span, next);
    before = { node: null, span: comment.span };
    lines.push(comment.text);
  };
  for (const [index, node] of nodes.entries()) {
    for (const comment of comments.take(position, node.span.start)) placeComment(comment, node);
    const document = format(node);
    const beside = comments.takeNext(node.span.end, nodes[index + 1]?.span.start ?? to, (comment) =>
      sharesLine(node.span, comment),
    );
    // A comment inside the statement that no list has taken moves in front of it.
    for (const comment of comments.take(node.span.start, node.span.end)) placeComment(comment, node);
    start(node.span, node);
    lines.push(document);
    if (beside !== null) lines.push("  ", beside.text);
    position = node.span.end;
  }
  for (const comment of comments.take(position, to)) placeComment(comment, null);
  return lines.length === 0 ? null : joinAll(lines);
}

/** True when the source has an empty line between two spans. */
function isBlankBetween(before: Span, after: Span): boolean {
  return positionAt(after.source, after.start).line - positionAt(before.source, before.end).line > 1;
}
