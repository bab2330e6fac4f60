import type { Diagnostic } from "../../grammar/index.ts";
import type { Program } from "./program.ts";

/** A diagnostic of an unknown name that the library declares says how to import it; others are given back as they are. */
export function withImportHelp(diagnostic: Diagnostic, { declared }: Program): Diagnostic {
  const { key, span } = diagnostic;
  if (key !== "unknown-name" || span === null) return diagnostic;
  const name = span.source.text.slice(span.start, span.end);
  const home = declared().find((each) => each.name === name && each.kind !== "adapter");
  return home === undefined ? diagnostic : { ...diagnostic, help: importHelp(home.file) };
}

/** What to write for what a file of the library declares. */
export function importHelp(file: string): string {
  return `write \`import "std/${file}"\` at the top of the file`;
}
