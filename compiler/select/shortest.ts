import type { ModuleInstance } from "../elaborate/index.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import { type Element, modulesUnder } from "./elements.ts";
import { selectorsForParameters } from "./parameter-selectors.ts";
import { difference, isSubset, shared, union } from "./sets.ts";

type Modules = ReadonlySet<ModuleInstance>;

interface Written {
  readonly on: readonly Candidate[];
  readonly except: readonly Candidate[];
}

/** How many selectors may reach further than is wanted, so that `except` takes the rest out again. */
const mostWide = 3;

/** Selectors for modules or for parameters by their names in checkpoints, or the names that no module has. */
export type NamedSelectors =
  | { readonly kind: "selectors"; readonly text: string }
  | { readonly kind: "unknown"; readonly names: readonly string[] };

export function selectorsForNames(names: Iterable<string>, elements: readonly Element[]): NamedSelectors {
  const byName = new Map<string, ModuleInstance>();
  // Of several modules with one name the one with a weight is meant, or else the one around the others.
  const around = new Map<string, ModuleInstance>();
  for (const { instance, ofAdapter } of elements) {
    if (instance === null || ofAdapter) continue;
    // An nn.MultiheadAttention has its `in_proj` as `in_proj_weight`.
    const isNamed = instance.parameters.some(({ checkpoint }) =>
      [".weight", "_weight"].some((ending) => checkpoint === `${instance.checkpoint}${ending}`),
    );
    if (isNamed) byName.set(instance.checkpoint, instance);
    else if (!around.has(instance.checkpoint)) around.set(instance.checkpoint, instance);
  }
  const asked = [...names];
  const parameters = new Map(
    elements.flatMap(({ parameter, ofAdapter }) =>
      parameter === null || ofAdapter ? [] : [[parameter.checkpoint, parameter] as const],
    ),
  );
  const named = asked.flatMap((name) => parameters.get(name) ?? []);
  if (named.length > 0 && named.length === asked.length)
    return { kind: "selectors", text: selectorsForParameters(named, elements) };
  const moduleOf = (name: string): ModuleInstance | undefined => byName.get(name) ?? around.get(name);
  const unknown = asked.filter((name) => moduleOf(name) === undefined);
  if (unknown.length > 0) return { kind: "unknown", names: unknown };
  return { kind: "selectors", text: selectorsFor(new Set(asked.flatMap((name) => moduleOf(name) ?? [])), elements) };
}

/**
 * What stands after `on` in a placement that adapts exactly these modules, as short as it was found: by roles, parts and
 * layers, with `except` where that is shorter. `elements` are those of the model.
 */
function selectorsFor(modules: Modules, elements: readonly Element[]): string {
  const candidates = new Candidates(elements);
  const declarations = new Set([...modules].map(({ declaration }) => declaration));
  const adaptable = new Set(
    elements.flatMap(({ instance, ofAdapter }) =>
      instance !== null && !ofAdapter && declarations.has(instance.declaration) ? [instance] : [],
    ),
  );
  const others = difference(adaptable, modules);
  const offered = candidates.around(modules, modules);
  const within = offered.filter((each) => isSubset(each.modules, modules));
  const wide = offered.filter((each) => {
    const covered = shared(each.modules, modules);
    return isSubset(each.modules, adaptable) && covered < each.modules.size && covered > each.modules.size / 2;
  });
  const places = new Map(elements.map(({ instance }, index) => [instance, index]));
  const print = ({ on, except }: Written): string =>
    [on, except].flatMap((list) => (list.length === 0 ? [] : [printList(list, places)])).join(" except ");
  let best: Written = { on: cover(modules, within), except: [] };
  for (let count = 0; count < mostWide; count++) {
    const before = best;
    for (const each of wide) {
      const chosen = [...before.on.filter((other) => wide.includes(other)), each];
      const reached = union(chosen.map((other) => other.modules));
      const tooMuch = difference(reached, modules);
      // What is excluded is excluded with everything in it.
      const offeredOut = candidates
        .around(tooMuch, others)
        .filter((out) => ![...out.modules].flatMap(modulesUnder).some((module) => modules.has(module)));
      if (!isSubset(tooMuch, union(offeredOut.map((out) => out.modules)))) continue;
      const next = {
        on: [...chosen, ...cover(difference(modules, reached), within)],
        except: cover(tooMuch, offeredOut),
      };
      if (print(next).length < print(best).length) best = next;
    }
    if (best === before) break;
  }
  return print(best);
}

/** Candidates that have all of these modules together: the best for its length again and again, without those not needed. */
function cover(modules: Modules, candidates: readonly Candidate[]): readonly Candidate[] {
  const chosen: Candidate[] = [];
  let rest = modules;
  while (rest.size > 0) {
    const worth = (each: Candidate): number => shared(each.modules, rest) / each.cost;
    const best = candidates.reduce<Candidate | null>(
      (most, each) => (most === null || worth(each) > worth(most) ? each : most),
      null,
    );
    if (best === null || worth(best) === 0) throw new Error("the path of a module selects it");
    chosen.push(best);
    rest = difference(rest, best.modules);
  }
  for (const each of [...chosen]) {
    const others = chosen.filter((other) => other !== each);
    if (isSubset(modules, union(others.map((other) => other.modules)))) chosen.splice(chosen.indexOf(each), 1);
  }
  return chosen;
}

/** In the order of the model; what differs in its last name only continues. */
function printList(candidates: readonly Candidate[], places: ReadonlyMap<ModuleInstance | null, number>): string {
  const first = ({ modules }: Candidate): number =>
    Math.min(...[...modules].flatMap((module) => places.get(module) ?? []));
  // A name without dots would continue what stands before it.
  const isBare = ({ text }: Candidate): number => (text.includes(".") ? 1 : 0);
  const stems = new Map<string, string[]>();
  for (const { text } of candidates.toSorted((a, b) => isBare(a) - isBare(b) || first(a) - first(b))) {
    const [, stem = text, name] = /^(.*)\.(\w+)$/.exec(text) ?? [];
    const names = stems.get(stem) ?? [];
    if (name !== undefined) names.push(name);
    stems.set(stem, names);
  }
  return [...stems].map(([stem, names]) => (names.length === 0 ? stem : `${stem}.${names.join(",")}`)).join(", ");
}
