import { type AdapterInstance, describe, type ModuleInstance } from "../../elaborate/index.ts";
import type { Element } from "../../select/index.ts";
import { foldPaths } from "./paths.ts";
import type { AdapterChange, NamedChange } from "./types.ts";

/** An adapter on its module, with its arguments as text. */
export interface PlacedAdapter {
  /** Its own path, `text.layers[0].attention.q.lora`. */
  readonly path: string;
  readonly module: string;
  readonly adapter: string;
  readonly arguments: readonly (readonly [name: string, value: string])[];
}

/** The adapters that two models differ in. Adapters are the same when they are of one name at one place. */
export function compareAdapters(
  before: readonly PlacedAdapter[],
  after: readonly PlacedAdapter[],
): readonly AdapterChange[] {
  const old = byPath(before);
  const current = byPath(after);
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
export function changedAdapterPaths(
  before: readonly PlacedAdapter[],
  after: readonly PlacedAdapter[],
): ReadonlySet<string> {
  const old = byPath(before);
  const current = byPath(after);
  const paths = [...new Set([...old.keys(), ...current.keys()])];
  return new Set(paths.filter((path) => changeOf(old.get(path), current.get(path)).length > 0));
}

/** The adapters of a model, in its order. */
export function placedAdapters(elements: readonly Element[]): readonly PlacedAdapter[] {
  return elements.flatMap(({ instance }) =>
    (instance?.adapters ?? []).flatMap((adapter, level) =>
      instance === null ? [] : [placed(instance, adapter, level)],
    ),
  );
}

function placed(
  { path: module }: ModuleInstance,
  { declaration, instance }: AdapterInstance,
  level: number,
): PlacedAdapter {
  const values = declaration.parameters.flatMap(({ name }): readonly (readonly [string, string])[] => {
    const value = instance.environment.lookup(name.text);
    return value === undefined ? [] : [[name.text, describe(value)]];
  });
  const place: readonly (readonly [string, string])[] = level === 0 ? [] : [["adapters within it", String(level)]];
  const { path } = instance;
  return { path, module, adapter: declaration.name.text, arguments: [...values, ...place] };
}

function byPath(adapters: readonly PlacedAdapter[]): ReadonlyMap<string, PlacedAdapter> {
  return new Map(adapters.map((adapter) => [adapter.path, adapter]));
}

function changeOf(before: PlacedAdapter | undefined, after: PlacedAdapter | undefined): readonly AdapterChange[] {
  const placed = after ?? before;
  if (placed === undefined) return [];
  const old = new Map(before?.arguments);
  const current = new Map(after?.arguments);
  const all = [...new Set([...old.keys(), ...current.keys()])].map((name): NamedChange<string> => {
    return { name, before: old.get(name) ?? null, after: current.get(name) ?? null };
  });
  const differing = all.filter((each) => each.before !== each.after);
  if (before !== undefined && after !== undefined && differing.length === 0) return [];
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return [{ change, modules: placed.module, count: 1, adapter: placed.adapter, arguments: differing }];
}
