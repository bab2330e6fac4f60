import type { AdapterDeclaration, Source } from "../../grammar/index.ts";
import type { Library } from "./imports.ts";
import { loadProgram } from "./program.ts";
import { type Callable, scopeOf } from "./scope.ts";
import { placedName } from "./stand-ins.ts";

/** What a spec calls an adapter where it places it. */
export interface KnownAdapter {
  readonly name: string;
  readonly declaration: AdapterDeclaration;
}

/** The adapters that a spec knows, by imports and of its own. One that stands for another has the name of that, where it is known, too. */
export function knownAdapters(source: Source, library: Library): readonly KnownAdapter[] {
  const { callables, qualified } = scopeOf(loadProgram(source, library).entry).scope;
  const plain = named(callables, "", callables);
  return [...plain, ...[...qualified].flatMap(([alias, own]) => named(own, `${alias}.`, callables))];
}

function named(
  own: ReadonlyMap<string, Callable>,
  prefix: string,
  known: ReadonlyMap<string, Callable>,
): readonly KnownAdapter[] {
  return [...own.values()].flatMap((declaration) => {
    if (declaration.kind !== "adapter") return [];
    const name = placedName(declaration);
    if (own.has(name)) return [{ name: `${prefix}${name}`, declaration }];
    return known.has(name) ? [{ name, declaration }] : [];
  });
}
