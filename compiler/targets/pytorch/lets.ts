import type { Expression, Let, Statement } from "../../../grammar/index.ts";
import { namesIn, visitExpression } from "./walk.ts";

/** The lets of a body by name, without those that take a list apart or say a type. */
export function letsIn(body: readonly Statement[]): ReadonlyMap<string, Let> {
  const lets = new Map<string, Let>();
  for (const each of body) {
    if (each.kind === "let" && !each.destructure && each.type === null)
      for (const { text } of each.names) lets.set(text, each);
  }
  return lets;
}

/** Whether lets are read by some expressions alone, of all those of a body. */
export function arePrivate(
  names: Iterable<string>,
  within: readonly Expression[],
  all: readonly Expression[],
  exposed: ReadonlySet<string>,
): boolean {
  return [...names].every((name) => !exposed.has(name) && occurrences(name, all) === occurrences(name, within));
}

/** Whether a body assigns to no name in some of its expressions. */
export function isUnchanged(within: readonly Expression[], body: readonly Statement[]): boolean {
  const changed = changedIn(body);
  return [...namesIn(within)].every((name) => !changed.has(name));
}

/** The names that a body assigns to. */
export function changedIn(body: readonly Statement[]): ReadonlySet<string> {
  return new Set(
    body.flatMap((each) => {
      if (each.kind === "for") return [...changedIn(each.body)];
      return each.kind === "assign" ? [each.name.text] : [];
    }),
  );
}

function occurrences(name: string, expressions: readonly Expression[]): number {
  let count = 0;
  for (const each of expressions)
    visitExpression(each, (inner) => {
      if (inner.kind === "name" && inner.text === name) count += 1;
    });
  return count;
}
