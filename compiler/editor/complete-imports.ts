import { importFix, type LibraryDeclaration } from "../load/index.ts";
import { commentAbove, headOf } from "./describe.ts";
import type { OpenSpec } from "./open-spec.ts";
import type { Scope } from "./scope.ts";
import type { Suggestion } from "./suggestion.ts";

/** What the library declares and a spec does not import: names that are known once an import is added, which clashes with nothing. */
export function unimported(
  spec: OpenSpec,
  scope: Scope,
  fits: (kind: Suggestion["kind"]) => boolean,
): readonly Suggestion[] {
  const { written } = spec.program;
  const imported = new Set(
    written.imports.flatMap(({ file: { place } }) => (place.kind === "library" ? place.name : [])),
  );
  const declared = spec.program.declared();
  return [...new Set(declared.map(({ file }) => file))].flatMap((file): readonly Suggestion[] => {
    const declarations = declared.filter((each) => each.file === file);
    const callables = declarations.flatMap((each) => callableOf(each, spec) ?? []);
    if (imported.has(file) || callables.some(({ name }) => scope.lookup(name.text) !== null)) return [];
    const fix = importFix(file, written.parsed.file);
    return callables
      .filter(({ kind }) => fits(kind))
      .map((declaration) => ({
        text: declaration.name.text,
        kind: declaration.kind,
        detail: headOf(declaration),
        about: commentAbove(declaration.span),
        insert: declaration.name.text,
        imports: { from: `std/${file}`, fix },
      }));
  });
}

function callableOf({ item }: LibraryDeclaration, { programNames: { declarations } }: OpenSpec) {
  switch (item.kind) {
    case "module":
    case "adapter":
    case "function":
    case "loss":
      return declarations.of(item.kind, item.name, item.span, null, item.parameters);
    case "model":
    case "file-let":
      return null;
  }
}
