import type { Patterned } from "./config-fields.ts";
import { fitsName, type NamePattern } from "./name-pattern.ts";

/** A name by which a field of a config means modules, or parameters of such. */
export interface ListedName {
  readonly field: string;
  /** How the config has it. */
  readonly called: string;
  /** The expression that it is; null of a name or the ending of one. */
  readonly pattern: NamePattern | null;
}

/** Parts of a name that tell a module from others whatever stands before. */
const fewestParts = 3;

/** The keys of patterns for the values of another field. */
export function keysIn(field: string, patterns: Patterned): readonly ListedName[] {
  return patterns.map(({ pattern }) => ({ field, called: pattern.text, pattern }));
}

/** A name, and it without its first parts, as long as enough are left. */
export function endingsOf(name: string): readonly string[] {
  const parts = name.split(".");
  return Array.from({ length: Math.max(0, parts.length - fewestParts + 1) }, (_, first) =>
    parts.slice(first).join("."),
  );
}

/** Whether a listed name means any of some modules, which may have lost the first parts of their names since. */
export function fittingAny(modules: Iterable<string>): (listed: ListedName) => boolean {
  const all = [...modules];
  const names = new Set(all);
  const endings = new Set<string>();
  for (const module of all)
    for (let start = 0; start >= 0; start = module.indexOf(".", start) + 1 || -1) endings.add(module.slice(start));
  return ({ called, pattern }) =>
    pattern === null
      ? endings.has(called) || endingsOf(called).some((each) => names.has(each))
      : all.some((module) => fitsName(pattern, module));
}
