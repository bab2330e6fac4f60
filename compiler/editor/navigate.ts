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

/** What a new name for something comes to: the places to change, or why it cannot have it. */
export type Renaming =
  | { readonly kind: "changes"; readonly spans: readonly Span[] }
  | { readonly kind: "refused"; readonly reason: string };

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The name at an offset where it can be another one: a name that the spec itself declares. */
export function renamableAt(spec: OpenSpec, offset: number): Span | null {
  const use = useAt(spec, offset);
  return use !== null && use.declaration.name.span.source === spec.source ? use.span : null;
}

/** Gives what is called by the name at an offset another name, where that stands for nothing yet. */
export function rename(spec: OpenSpec, offset: number, name: string, isKeyword: (word: string) => boolean): Renaming {
  const use = useAt(spec, offset);
  if (use === null) return { kind: "refused", reason: "there is no name here" };
  const { declaration } = use;
  if (declaration.name.span.source !== spec.source) {
    return {
      kind: "refused",
      reason: `\`${declaration.name.text}\` is declared in ${declaration.name.span.source.name}`,
    };
  }
  if (!namePattern.test(name))
    return { kind: "refused", reason: "a name is letters, digits and `_`, and does not start with a digit" };
  if (isKeyword(name)) return { kind: "refused", reason: `\`${name}\` is a word of the language` };
  const spans = referencesAt(spec, offset).filter(({ source }) => source === spec.source);
  const taken = spans.some((span) => isKnownAt(spec, span, name));
  if (taken) return { kind: "refused", reason: `\`${name}\` is another thing here` };
  return { kind: "changes", spans };
}

/** Whether a name stands for something where another one stands. */
function isKnownAt(spec: OpenSpec, { start }: Span, name: string): boolean {
  return spec
    .namesOf()
    .known.some(({ span, scope }) => span.start <= start && start < span.end && scope.lookup(name) !== null);
}
