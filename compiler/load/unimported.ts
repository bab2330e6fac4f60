import type { Diagnostic, File, Fix } from "../../grammar/index.ts";
import type { Program } from "./program.ts";

/** A diagnostic of an unknown name that the library declares says how to import it; others are given back as they are. */
export function withImportHelp(diagnostic: Diagnostic, { declared, files }: Program): Diagnostic {
  const { key, span } = diagnostic;
  if (key !== "unknown-name" || span === null) return diagnostic;
  const name = span.source.text.slice(span.start, span.end);
  const home = declared().find((each) => each.name === name && each.kind !== "adapter");
  if (home === undefined) return diagnostic;
  const file = files.find(({ source }) => source === span.source);
  return { ...diagnostic, ...importHelp(home.file, file?.parsed.file ?? null) };
}

/** What to write for what a file of the library declares: after the other imports of the file that lacks it, or where it begins. */
export function importHelp(name: string, file: File | null): { readonly help: string; readonly fixes: readonly Fix[] } {
  const line = `import "std/${name}"`;
  const help = `write \`${line}\` at the top of the file`;
  if (file === null) return { help, fixes: [] };
  const { source } = file.span;
  // What a variant has of its base is no text of its own.
  const items = file.items.filter(({ span }) => span.source === source);
  const last = items.findLast(({ kind }) => kind === "import");
  const at = last?.span.end ?? items[0]?.span.start ?? 0;
  const span = { source, start: at, end: at };
  const text = last === undefined ? `${line}\n\n` : `\n${line}`;
  return { help, fixes: [{ title: `add \`${line}\``, span, text }] };
}
