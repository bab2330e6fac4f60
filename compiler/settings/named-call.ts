import type { Call, Span } from "../../grammar/index.ts";

/** `adamw(lr = 1e-4)` or a bare `adamw`. */
export interface NamedCall {
  readonly name: string | null;
  readonly call: Call | null;
}

/** A call in a list, with where it is written. */
export interface SpannedCall extends NamedCall {
  readonly span: Span;
}

/** The numbers that an argument may be, in words and as a rule. */
export interface Range {
  readonly of: string;
  readonly holds: (value: number) => boolean;
}
