import {
  type CodeAction,
  CodeActionKind,
  DiagnosticSeverity,
  type Position,
  type Diagnostic as Published,
  Range,
} from "vscode-languageserver/node";
import { importLeadingTo } from "../../compiler/editor/index.ts";
import { type Diagnostic, rangeOf } from "../../grammar/index.ts";
import type { OpenDocument } from "./documents.ts";
import { locationOf } from "./places.ts";

/** What is wrong with a document; mistakes of the files that it imports stand at its import, as they may not be open. */
export function diagnosticsOf({ spec }: OpenDocument): readonly Published[] {
  return spec.diagnostics.map((diagnostic) => publish(diagnostic, spec));
}

/** Changes that mend what is wrong in a stretch of a document. */
export function fixesOf({ uri, spec }: OpenDocument, within: Range): readonly CodeAction[] {
  return spec.diagnostics.flatMap((diagnostic) => {
    const { span, fixes } = diagnostic;
    if (span?.source !== spec.source || !meets(rangeOf(span), within)) return [];
    return fixes.map((fix) => ({
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [publish(diagnostic, spec)],
      isPreferred: fixes.length === 1,
      edit: { changes: { [uri]: [{ range: rangeOf(fix.span), newText: fix.text }] } },
    }));
  });
}

function meets(one: Range, other: Range): boolean {
  const isBefore = (a: Position, b: Position): boolean =>
    a.line < b.line || (a.line === b.line && a.character < b.character);
  return !isBefore(one.end, other.start) && !isBefore(other.end, one.start);
}

function publish(diagnostic: Diagnostic, spec: OpenDocument["spec"]): Published {
  const { span, severity, code, message, labels, notes, help } = diagnostic;
  const isOwn = span?.source === spec.source;
  const lines = [
    isOwn || span === null ? message : `${span.source.name}: ${message}`,
    ...notes.map((note) => `note: ${note}`),
  ];
  if (help !== null) lines.push(`help: ${help}`);
  const related = [
    ...(isOwn || span === null ? [] : [{ location: locationOf(span), message }]),
    ...labels.map((label) => ({ location: locationOf(label.span), message: label.message })),
  ];
  return {
    range: isOwn ? rangeOf(span) : importOf(spec, span?.source.name ?? null),
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: "medctc",
    message: lines.join("\n"),
    relatedInformation: related,
  };
}

/** Where a document imports a file, itself or through others; its first line where that is not known. */
function importOf(spec: OpenDocument["spec"], name: string | null): Range {
  const span = name === null ? null : importLeadingTo(spec, name);
  return span === null ? Range.create(0, 0, 0, 0) : rangeOf(span);
}
