import type { Span } from "../../../grammar/index.ts";

/** What a spec says and a package cannot, with its place: thrown while a package is written, and caught where it is asked for. */
export class Refusal extends Error {
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}

export function refuse(message: string, span: Span): never {
  throw new Refusal(message, span);
}
