import { type AdapterInstance, describe, type ModuleInstance } from "../../elaborate/index.ts";
import type { Element } from "../../select/index.ts";
import { foldPaths } from "./paths.ts";
import type { AdapterChange, NamedChange } from "./types.ts";

/** An adapter on its module, with its arguments as text. */
interface Placed {
  readonly module: ModuleInstance;
  readonly adapter: string;
  readonly arguments: ReadonlyMap<string, string>;
}

/** The adapters that two models differ in. Adapters are the same when they are of one name at one place. */
export function compareAdapters(before: readonly Element[], after: readonly Element[]): readonly AdapterChange[] {
  const old = adaptersOf(before);
  const current = adaptersOf(after);
  const paths = [...new Set([...old.keys(), ...current.keys()])];
  const changes = paths.flatMap((path) => changeOf(old.get(path), current.get(path)));
  return foldPaths(
    changes,
    ({ modules }) => modules,
    (change) => JSON.stringify([change.change, change.adapter, change.arguments]),
  ).flatMap(({ text, items }) => {
    const [first] = items;
    return first === undefined ? [] : [{ ...first, modules: text, count: items.length }];
  });
}

/** The paths of the adapters that have other arguments, or are in one of the models alone. */
export function changedAdapterPaths(before: readonly Element[], after: readonly Element[]): ReadonlySet<string> {
  const old = adaptersOf(before);
  const current = adaptersOf(after);
  const paths = [...new Set([...old.keys(), ...current.keys()])];
  return new Set(paths.filter((path) => changeOf(old.get(path), current.get(path)).length > 0));
}

/** Adapters by their own paths, `text.layers[0].attention.q.lora`. */
function adaptersOf(elements: readonly Element[]): ReadonlyMap<string, Placed> {
  return new Map(
    elements.flatMap(({ instance }) =>
      (instance?.adapters ?? []).flatMap((adapter, level) =>
        instance === null ? [] : [[adapter.instance.path, placed(instance, adapter, level)] as const],
      ),
    ),
  );
}

function placed(module: ModuleInstance, { declaration, instance }: AdapterInstance, level: number): Placed {
  const values = declaration.parameters.flatMap(({ name }): readonly (readonly [string, string])[] => {
    const value = instance.environment.lookup(name.text);
    return value === undefined ? [] : [[name.text, describe(value)]];
  });
  const place: readonly (readonly [string, string])[] = level === 0 ? [] : [["adapters within it", String(level)]];
  return { module, adapter: declaration.name.text, arguments: new Map([...values, ...place]) };
}

function changeOf(before: Placed | undefined, after: Placed | undefined): readonly AdapterChange[] {
  const placed = after ?? before;
  if (placed === undefined) return [];
  const names = new Set([...(before?.arguments.keys() ?? []), ...(after?.arguments.keys() ?? [])]);
  const all = [...names].map((name): NamedChange<string> => {
    return { name, before: before?.arguments.get(name) ?? null, after: after?.arguments.get(name) ?? null };
  });
  const differing = all.filter((each) => each.before !== each.after);
  if (before !== undefined && after !== undefined && differing.length === 0) return [];
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return [{ change, modules: placed.module.path, count: 1, adapter: placed.adapter, arguments: differing }];
}
