import type { Diagnostic, Span } from "../../grammar/index.ts";

/** Something of a variant that stands where its base has something else. */
export interface Replacement {
  readonly by: Span;
  readonly of: Span;
}

/** What amending a list of members or settings gives. */
export interface Amended<Entry> {
  readonly entries: readonly Entry[];
  readonly replacements: readonly Replacement[];
  readonly diagnostics: readonly Diagnostic[];
}
