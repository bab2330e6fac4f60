import type { Diagnostic, Span } from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";
import type { Program } from "./program.ts";

/** Shows both files where a mistake of a variant follows from what it has of its base, or puts in its place. */
export function explainAmended(diagnostic: Diagnostic, { entry, bases, replacements }: Program): Diagnostic {
  const { span } = diagnostic;
  if (bases.length === 0 || span === null) return diagnostic;
  const replaced = replacements.find(({ by }) => holds(by, span));
  const inPlace = replaced === undefined ? [] : [{ span: replaced.of, message: "in the place of this" }];
  const here = bases.some(({ source }) => source === span.source) ? amendedAt(entry, span) : null;
  const amended = here === null ? [] : [{ span: here, message: "amended here" }];
  const isExpected = here !== null && diagnostic.key === "expectation-failed";
  const help = isExpected ? "an `expect` of the variant takes the place of those of its base" : diagnostic.help;
  return { ...diagnostic, labels: [...diagnostic.labels, ...inPlace, ...amended], help };
}

/** Where a variant says that it amends what a place of its base belongs to: a block of settings, or else the model. */
function amendedAt({ source, parsed }: LoadedFile, of: Span): Span | null {
  for (const item of parsed.file.items) {
    if (item.kind !== "settings" || !item.amends || item.span.source !== source) continue;
    const { start } = item.span;
    if (item.entries.some(({ span }) => holds(span, of))) return { source, start, end: start + item.block.length };
  }
  return parsed.file.items.find((item) => item.kind === "model")?.name.span ?? null;
}

function holds(outer: Span, inner: Span): boolean {
  return outer.source === inner.source && outer.start <= inner.start && inner.end <= outer.end;
}
