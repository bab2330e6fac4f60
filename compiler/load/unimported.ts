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

/** What to write for what a file of the library declares, in the file that lacks it. */
export function importHelp(name: string, file: File | null): { readonly help: string; readonly fixes: readonly Fix[] } {
  const help = `write \`import "std/${name}"\` at the top of the file`;
  return { help, fixes: file === null ? [] : [importFix(name, file)] };
}

/**
 * Adds an import of a file of the library: behind the last import that sorts before it, before the others, or where a file without
 * imports begins.
 */
export function importFix(name: string, file: File): Fix {
  const path = `std/${name}`;
  const line = `import "${path}"`;
  const { source } = file.span;
  const ending = source.text.includes("\r\n") ? "\r\n" : "\n";
  // What a variant has of its base is no text of its own.
  const items = file.items.filter(({ span }) => span.source === source);
  const imports = items.filter((item) => item.kind === "import");
  const before = imports.findLast((each) => each.path.value < path);
  const [at, text] =
    before !== undefined
      ? [lineEnd(source.text, before.span.end), `${ending}${line}`]
      : [items[0]?.span.start ?? 0, imports.length > 0 ? `${line}${ending}` : `${line}${ending}${ending}`];
  return { title: `add \`${line}\``, span: { source, start: at, end: at }, text };
}

/** A comment behind an import stays behind it. */
function lineEnd(text: string, offset: number): number {
  const length = text.slice(offset).search(/[\r\n]/);
  return length < 0 ? text.length : offset + length;
}
