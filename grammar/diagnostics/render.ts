import { createColors } from "picocolors";
import { lineText, positionAt, type Span } from "../source.ts";
import { printable } from "./printable.ts";
import type { Diagnostic } from "./report.ts";
import { drawLine } from "./source-line.ts";

type Colours = ReturnType<typeof createColors>;

/**
 * Diagnostics as a person reads them: code and message, the place, the line of the source with carets under what is
 * meant, notes and help. Colours are for terminals.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  { colour }: { readonly colour: boolean },
): string {
  const colours = createColors(colour);
  const blocks = diagnostics.map((diagnostic) => renderOne(diagnostic, colours));
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n`;
}

/** `2 errors, 1 warning` */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const parts = [];
  if (errors > 0) parts.push(`${errors} error${errors === 1 ? "" : "s"}`);
  if (warnings > 0) parts.push(`${warnings} warning${warnings === 1 ? "" : "s"}`);
  return parts.length === 0 ? "no errors" : parts.join(", ");
}

interface Place {
  readonly span: Span;
  readonly message: string;
  readonly mark: "^" | "-";
}

function renderOne(diagnostic: Diagnostic, colours: Colours): string {
  const paint = diagnostic.severity === "error" ? colours.red : colours.yellow;
  const title = `${paint(`${diagnostic.severity}[${diagnostic.code}]`)}${colours.bold(`: ${printable(diagnostic.message)}`)}`;
  const places: Place[] = [
    ...(diagnostic.span === null ? [] : [{ span: diagnostic.span, message: "", mark: "^" as const }]),
    ...diagnostic.labels.map(({ span, message }) => ({ span, message, mark: "-" as const })),
  ];
  const numberWidth = Math.max(1, ...places.map(({ span }) => String(lineOf(span) + 1).length));
  const margin = " ".repeat(numberWidth);
  const gutter = colours.blue(`${margin} |`);
  const lines = [title];
  for (const [index, place] of places.entries()) {
    const { line, character } = positionAt(place.span.source, place.span.start);
    const where = `${printable(place.span.source.name)}:${line + 1}:${character + 1}`;
    lines.push(`${margin}${colours.blue(index === 0 ? "-->" : ":::")} ${where}`);
    const drawing = drawLine(lineText(place.span.source, line), character, widthOn(place.span, line));
    const marks = place.mark === "^" ? paint("^".repeat(drawing.width)) : colours.blue("-".repeat(drawing.width));
    const said = place.message === "" ? "" : ` ${colours.blue(printable(place.message))}`;
    lines.push(
      gutter,
      `${colours.blue(`${String(line + 1).padStart(numberWidth)} |`)} ${drawing.text}`.trimEnd(),
      `${gutter} ${" ".repeat(drawing.column)}${marks}${said}`,
    );
  }
  if (places.length === 0) lines.push(`${margin}${colours.blue("-->")} ${printable(diagnostic.file)}`);
  const remark = colours.blue(`${margin} =`);
  for (const note of diagnostic.notes) lines.push(`${remark} note: ${printable(note)}`);
  if (diagnostic.help !== null) lines.push(`${remark} help: ${printable(diagnostic.help)}`);
  return lines.join("\n");
}

function lineOf(span: Span): number {
  return positionAt(span.source, span.start).line;
}

/** How many characters of a span stand on a line; the rest of the line when the span goes on below. */
function widthOn(span: Span, line: number): number {
  const end = positionAt(span.source, span.end);
  const start = positionAt(span.source, span.start);
  return end.line === line ? end.character - start.character : lineText(span.source, line).length - start.character;
}
