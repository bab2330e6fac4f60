import { type Diagnostic, type Item, report, type Span } from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";
import type { Program } from "./program.ts";

/**
 * Models and settings of imported files: only those of the file that is compiled count, and of what it amends. Reported once for
 * each file.
 */
export function ignoredInImports({ entry, files, bases }: Program): readonly Diagnostic[] {
  // What a variant of an unknown model was meant to amend is not known.
  if (bases.length === 0 && entry.parsed.file.items.some((item) => item.kind === "model" && item.amends !== null))
    return [];
  const told = new Set<LoadedFile>(bases);
  return files.flatMap(({ imports }) =>
    imports.flatMap(({ file, span }): readonly Diagnostic[] => {
      const ignored = told.has(file) ? [] : file.parsed.file.items.flatMap(ignoredItem);
      told.add(file);
      if (ignored.length === 0) return [];
      const labels = ignored.map((each) => ({ span: each.span, message: "this is ignored" }));
      const what = ignored.map((each) => each.what).join(", ");
      return [report("ignored-in-import", span, { what, path: file.source.name }, { labels })];
    }),
  );
}

function ignoredItem(item: Item): readonly { readonly what: string; readonly span: Span }[] {
  if (item.kind === "model") return [{ what: `\`model ${item.name.text}\``, span: item.name.span }];
  if (item.kind !== "settings") return [];
  const { source, start } = item.span;
  return [{ what: `\`${item.block}\``, span: { source, start, end: start + item.block.length } }];
}
