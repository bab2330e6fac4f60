import type { Fix } from "./fix.ts";
import type { Diagnostic } from "./report.ts";

/** The fix that needs nobody to choose it: the only one of its diagnostic, where the text cannot be meant otherwise. */
export function safeFixOf({ fixes: [first, ...others] }: Diagnostic): Fix | null {
  return first === undefined || others.length > 0 || first.isChoice === true ? null : first;
}

/** Those of a file that can be applied together, in its order; of two at one place the first. */
export function safeFixesOf(diagnostics: readonly Diagnostic[], file: string): readonly Fix[] {
  const all = diagnostics.flatMap((each) => safeFixOf(each) ?? []).filter(({ span }) => span.source.name === file);
  const sorted = all.toSorted((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  const apart: Fix[] = [];
  for (const fix of sorted) {
    const last = apart.at(-1);
    if (last === undefined || last.span.end < fix.span.start) apart.push(fix);
  }
  return apart;
}

/** A text with fixes of it, which are apart and in its order. */
export function applyFixes(text: string, fixes: readonly Fix[]): string {
  return fixes.reduceRight(
    (mended, { span, text: written }) => mended.slice(0, span.start) + written + mended.slice(span.end),
    text,
  );
}
