import { keywords, positionAt, type Span } from "../../grammar/index.ts";
import type { Declaration } from "./declarations.ts";
import { type IsDeclaredThere, usesIn } from "./navigate.ts";
import type { OpenSpec } from "./open-spec.ts";

/** What a new name for something comes to: the places to change, or why it cannot have it. */
export type Renaming =
  | { readonly kind: "changes"; readonly spans: readonly Span[] }
  | { readonly kind: "refused"; readonly reason: string };

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The file that comes with the program in which something is declared; null for a file of the user's. */
export function libraryFileOf({ name: { span } }: Declaration): string | null {
  return /^(?:std|medctc\/specs)\//.test(span.source.name) ? span.source.name : null;
}

/**
 * Gives what is declared at a place another name in all specs that may know it, that in which it is asked for first. Refused is a name
 * that is none, and one that would stand for two things in any of them.
 */
export function rename(
  specs: readonly OpenSpec[],
  declaration: Declaration,
  isThere: IsDeclaredThere,
  name: string,
): Renaming {
  const library = libraryFileOf(declaration);
  if (library !== null)
    return refused(
      `\`${declaration.name.text}\` is declared in ${library}, which comes with medctc and stays as it is`,
    );
  if (!namePattern.test(name)) return refused("a name is letters, digits and `_`, and does not start with a digit");
  if (name in keywords) return refused(`\`${name}\` is a word of the language`);
  const spans: Span[] = [];
  for (const spec of specs) {
    const uses = usesIn(spec, isThere);
    const taken = takenIn(spec, declaration, uses, isThere, name);
    if (taken !== null) return refused(`\`${name}\` is already declared${whereIs(taken, specs[0])}`);
    spans.push(...uses);
  }
  return { kind: "changes", spans };
}

function refused(reason: string): Renaming {
  return { kind: "refused", reason };
}

function whereIs({ kind, name: { span } }: Declaration, from: OpenSpec | undefined): string {
  const line = positionAt(span.source, span.start).line + 1;
  return span.source === from?.source ? ` (${kind}, line ${line})` : ` in ${span.source.name} (${kind}, line ${line})`;
}

/** What has the new name where the old one is known: for all of a file that imports it, or where it is used by itself. */
function takenIn(
  spec: OpenSpec,
  declaration: Declaration,
  uses: readonly Span[],
  isThere: IsDeclaredThere,
  name: string,
): Declaration | null {
  const old = declaration.name.text;
  const { programNames, program } = spec;
  if (declaration.kind === "family" || declaration.kind === "role") return takenRole(spec, declaration, isThere, name);
  const around = uses.flatMap(
    (use) =>
      spec
        .namesOf()
        .known.filter(({ span }) => contains(span, use))
        .at(-1)?.scope ?? [],
  );
  for (const scope of [programNames.scopeOf(program.written), ...around]) {
    const known = scope.lookup(old);
    // Behind a dot and as an argument, a name meets no others.
    const taken = known !== null && isThere(known.name.span) ? scope.lookup(name) : null;
    if (taken !== null) return taken;
  }
  return null;
}

/** Families have one meaning in a program, and roles in a family. */
function takenRole(
  { programNames: { families, declarations } }: OpenSpec,
  { kind }: Declaration,
  isThere: IsDeclaredThere,
  name: string,
): Declaration | null {
  for (const declared of families.values()) {
    const { family, roles } = declarations.roles(declared);
    const others = kind === "family" ? [...families.values()].map((each) => declarations.roles(each).family) : roles;
    const isMeant = kind === "family" ? isThere(family.name.span) : roles.some((each) => isThere(each.name.span));
    const taken = isMeant ? others.find((each) => each.name.text === name) : undefined;
    if (taken !== undefined) return taken;
  }
  return null;
}

function contains(outer: Span, { start }: Span): boolean {
  return outer.start <= start && start < outer.end;
}
