import { type Diagnostic, report } from "./diagnostics/index.ts";
import type { Source } from "./source.ts";

/** A file shows this many errors at most. */
export const errorLimit = 100;

/** The diagnostics in the order of the text; past a hundred, one more says that the rest is not shown. */
export function firstErrors(source: Source, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const inOrder = [...diagnostics].sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
  if (inOrder.length <= errorLimit) return inOrder;
  const kept = inOrder.slice(0, errorLimit - 1);
  return [...kept, report("too-many-errors", inOrder[errorLimit - 1]?.span ?? source.name, { limit: errorLimit - 1 })];
}
