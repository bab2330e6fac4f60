/** Where the modules of an adapter are in a model: by their names there, or the prefixes that all of them stand behind. */
export type PlacedModules =
  | { readonly kind: "placed"; readonly nameOf: (module: string) => string }
  | { readonly kind: "several"; readonly prefixes: readonly string[] }
  | { readonly kind: "unknown" };

/**
 * Finds the modules of an adapter among those of a model. They have the same names, or those of one encoder alone, so that one prefix
 * of the model stands before all of them, instead of one that all of them share.
 */
export function placeModules(modules: readonly string[], model: Iterable<string>): PlacedModules {
  const known = new Set(model);
  const [first] = modules;
  if (first === undefined || modules.every((module) => known.has(module))) return { kind: "placed", nameOf: same };
  let shared = "";
  for (;;) {
    const removed = shared;
    const own = modules.map((module) => module.slice(removed.length));
    const prefixes = prefixesOf(own, known);
    const [added, ...others] = prefixes;
    if (others.length > 0) return { kind: "several", prefixes };
    if (added !== undefined) return { kind: "placed", nameOf: (module) => added + module.slice(removed.length) };
    const dot = first.indexOf(".", shared.length);
    shared = first.slice(0, dot + 1);
    if (dot < 0 || !modules.every((module) => module.startsWith(shared))) return { kind: "unknown" };
  }
}

function same(module: string): string {
  return module;
}

/** What stands before all of some names in a model; with names of a single part, which many modules have, nothing does. */
function prefixesOf(names: readonly string[], known: ReadonlySet<string>): readonly string[] {
  const [first = ""] = names;
  if (!first.includes(".")) return known.has(first) ? [""] : [];
  const behind = [...known].filter((name) => name === first || name.endsWith(`.${first}`));
  const prefixes = behind.map((name) => name.slice(0, name.length - first.length));
  return prefixes.filter((prefix) => names.every((name) => known.has(prefix + name)));
}
