import { type Position, positionAt, type Span } from "../source.ts";
import type { Diagnostic } from "./report.ts";

interface Range {
  readonly start: Position;
  readonly end: Position;
}

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
  readonly relatedInformation: readonly { readonly file: string; readonly range: Range; readonly message: string }[];
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
    relatedInformation: labels.map((label) => ({
      file: label.span.source.name,
      range: rangeOf(label.span),
      message: label.message,
    })),
  };
}

function rangeOf({ source, start, end }: Span): Range {
  return { start: positionAt(source, start), end: positionAt(source, end) };
}
