import type { Span } from "../../grammar/index.ts";
import type { Use } from "./names.ts";
import type { OpenSpec } from "./open-spec.ts";

/** The name at an offset, and what it stands for; also just behind its last letter. */
export function useAt(spec: OpenSpec, offset: number): Use | null {
  return spec.namesOf().uses.find(({ span }) => span.start <= offset && offset <= span.end) ?? null;
}

/** Where the name at an offset is declared, or the file that an import leads to. */
export function definitionAt(spec: OpenSpec, offset: number): Span | null {
  const imported = spec.program.written.imports.find(({ span }) => span.start <= offset && offset <= span.end);
  if (imported !== undefined) return { source: imported.file.source, start: 0, end: 0 };
  return useAt(spec, offset)?.declaration.name.span ?? null;
}

/** Every name in the spec and the files that it imports that stands for what the one at an offset does, the declaration too. */
export function referencesAt(spec: OpenSpec, offset: number): readonly Span[] {
  const use = useAt(spec, offset);
  if (use === null) return [];
  return spec.programNames.files.flatMap((file) =>
    spec.namesOf(file).uses.flatMap(({ span, declaration }) => (declaration === use.declaration ? [span] : [])),
  );
}

/** Whether something is declared at a place: each spec has its own tree of a file that several import. */
export type IsDeclaredThere = (span: Span) => boolean;

/** The names in a spec's own text that stand for what is declared at a place, which another file may be. */
export function usesIn(spec: OpenSpec, isThere: IsDeclaredThere): readonly Span[] {
  return spec.namesOf().uses.flatMap(({ span, declaration }) => (isThere(declaration.name.span) ? [span] : []));
}
