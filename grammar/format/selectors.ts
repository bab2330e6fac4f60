import type { LayerRange, Quantity, Segment, Selector } from "../ast.ts";
import { bindings } from "../precedence.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { type Document, group, indent, join, joinAll, line } from "./document.ts";
import { formatExpression } from "./expressions.ts";

/** `vision.attn.qkv, text.attn.q,v`: a name that continues the selector before it follows its comma at once. */
export function formatSelectors(selectors: readonly Selector[]): Document {
  const [first, ...rest] = selectors;
  if (first === undefined) return "";
  let last = first;
  const others = rest.map((selector) => {
    const continues = continuesSelector(last, selector);
    if (!continues) last = selector;
    return join(",", continues ? "" : line, formatSelector(selector));
  });
  return group(indent(join(formatSelector(first), joinAll(others))));
}

/** After a dotted selector a single name stands for its last segment: `text.attn.q,v` is q and v. */
function continuesSelector(dotted: Selector, selector: Selector): boolean {
  const [only, ...more] = selector.segments;
  return dotted.segments.length > 1 && only?.kind === "segment" && more.length === 0;
}

function formatSelector({ segments }: Selector): string {
  return segments.map(formatSegment).join(".");
}

function formatSegment(segment: Segment): string {
  switch (segment.kind) {
    case "any":
      return "*";
    case "any-depth":
      return "**";
    case "segment":
      return segment.layers === null
        ? segment.name.text
        : `${segment.name.text}[${segment.layers.map(formatRange).join(", ")}]`;
  }
}

function formatRange({ from, to, single }: LayerRange): string {
  return single ? String(from) : `${from ?? ""}..${to ?? ""}`;
}

/** An amount in an expectation, in parentheses when it holds looser than `atLeast`. */
export function formatQuantity(quantity: Quantity, comments: CommentQueue, atLeast = 0): Document {
  switch (quantity.kind) {
    case "number":
      return quantity.text;
    case "computed":
      return formatExpression(quantity.value, comments);
    case "measure":
      return quantity.of === null
        ? quantity.name.text
        : join(quantity.name.text, "(", formatSelectors(quantity.of), ")");
    case "quantity-binary": {
      const { level } = bindings[quantity.operator];
      const left = formatQuantity(quantity.left, comments, level);
      const document = join(left, ` ${quantity.operator} `, formatQuantity(quantity.right, comments, level + 1));
      return level < atLeast ? join("(", document, ")") : document;
    }
  }
}
