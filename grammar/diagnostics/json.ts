import { type Range, rangeOf } from "../source.ts";
import { safeFixOf } from "./apply-fixes.ts";
import type { Diagnostic } from "./report.ts";

/** A diagnostic as the language server protocol shapes it, with the file beside it. */
export interface DiagnosticJson {
  readonly file: string;
  /** Null where there is no text to point at. */
  readonly range: Range | null;
  /** 1 is an error, 2 a warning. */
  readonly severity: 1 | 2;
  readonly code: string;
  readonly source: "medctc";
  readonly message: string;
  readonly notes: readonly string[];
  readonly help: string | null;
  /** Changes that may mend it, each by itself; one alone is applied by `medctc check --fix` where `isSafe` says so. */
  readonly fixes: readonly FixJson[];
  readonly relatedInformation: readonly { readonly file: string; readonly range: Range; readonly message: string }[];
}

/** A change of a file, as a text edit of the Language Server Protocol with what it does. */
export interface FixJson {
  readonly title: string;
  readonly file: string;
  readonly range: Range;
  readonly newText: string;
  readonly isSafe: boolean;
}

export function diagnosticToJson(diagnostic: Diagnostic): DiagnosticJson {
  const { file, span, severity, code, message, notes, help, labels } = diagnostic;
  return {
    file,
    range: span === null ? null : rangeOf(span),
    severity: severity === "error" ? 1 : 2,
    code,
    source: "medctc",
    message,
    notes,
    help,
    fixes: diagnostic.fixes.map((fix) => ({
      title: fix.title,
      file: fix.span.source.name,
      range: rangeOf(fix.span),
      newText: fix.text,
      isSafe: fix === safeFixOf(diagnostic),
    })),
    relatedInformation: labels.map((label) => ({
      file: label.span.source.name,
      range: rangeOf(label.span),
      message: label.message,
    })),
  };
}
