import type { Name } from "./ast-expressions.ts";
import type { Span } from "./source.ts";

/**
 * One selector as written. In a list, a bare name after a dotted selector continues it: `text.attn.q,v` is
 * `text.attn.q, text.attn.v`; `expandSelectors` gives the long form.
 */
export interface Selector {
  readonly segments: readonly Segment[];
  readonly span: Span;
}

export type Segment =
  /** A `*` in the name stands for any characters: `to_*`. */
  | { readonly kind: "segment"; readonly name: Name; readonly layers: readonly LayerRange[] | null }
  | { readonly kind: "any"; readonly span: Span }
  | { readonly kind: "any-depth"; readonly span: Span };

/**
 * `[3]` has `to` null and `single` true; `[8..]` and `[..8]` are open; `[8..12]` leaves 12 out. Negative numbers count from the end:
 * -1 is the last layer.
 */
export interface LayerRange {
  readonly from: number | null;
  readonly to: number | null;
  readonly single: boolean;
  readonly span: Span;
}
