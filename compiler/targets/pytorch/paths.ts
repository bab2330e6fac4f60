import type { Component, ModuleInstance, ParameterInstance, Step } from "../../elaborate/index.ts";
import { attributeName, modelAttributeName } from "./names.ts";
import { sharedNames } from "./shared.ts";

/** One step of a path in Python: an attribute, or the number of a layer and how many there are. */
export type PathStep = string | { readonly index: number; readonly count: number };

/** Where a model's modules and parameters stand in Python's. */
export interface Paths {
  readonly modules: ReadonlyMap<ModuleInstance, readonly PathStep[]>;
  readonly parameters: ReadonlyMap<ParameterInstance, readonly PathStep[]>;
}

export function pathsOf(components: readonly Component[]): Paths {
  const modules = new Map<ModuleInstance, readonly PathStep[]>();
  const parameters = new Map<ParameterInstance, readonly PathStep[]>();
  const shared = sharedNames(components);
  const addModule = (instance: ModuleInstance, path: readonly PathStep[]): void => {
    modules.set(instance, path);
    // Adapters are around a module: the outermost stands at its path.
    const { adapters } = instance;
    const inside = (count: number): readonly PathStep[] => [...path, ...Array.from({ length: count }, () => "base")];
    for (const [level, adapter] of adapters.entries())
      addMembers(adapter.instance, inside(adapters.length - 1 - level));
    addMembers(instance, inside(adapters.length));
  };
  const addMembers = (instance: ModuleInstance, path: readonly PathStep[]): void => {
    for (const parameter of instance.parameters) parameters.set(parameter, [...path, ...lastStep(parameter.steps)]);
    for (const child of instance.children) addModule(child, [...path, ...lastStep(child.steps)]);
  };
  for (const component of components) {
    if ("parameter" in component) {
      const { kind, name, parameter } = component;
      const own = kind === "shared" ? ["shared", shared.get(parameter) ?? name] : [modelAttributeName(name)];
      parameters.set(parameter, own);
    } else if (component.kind === "head") addModule(component.instance, ["heads", component.name]);
    else addModule(component.instance, lastStep(component.instance.steps, modelAttributeName));
  }
  return { modules, parameters };
}

function lastStep(steps: readonly Step[], attributeOf = attributeName): readonly PathStep[] {
  const step = steps.at(-1);
  if (step === undefined) throw new Error("what stands in a module has a step of its own");
  const { name, index, count } = step;
  return index === null ? [attributeOf(name)] : [attributeOf(name), { index, count: count ?? 0 }];
}

/** Patterns that name these modules and no others: `*` stands for every layer of a list. */
export function patternsOfModules(paths: readonly (readonly PathStep[])[]): readonly string[] {
  return overLayers(paths).map(printPath);
}

/**
 * The fewest patterns that name these paths: `*` stands for every layer of a list. What is named as a whole when everything below it is
 * chosen, of `all`, is named as a whole.
 */
export function patternsFor(
  chosen: readonly (readonly PathStep[])[],
  all: readonly (readonly PathStep[])[],
): readonly string[] {
  const wanted = new Set(chosen.map(printPath));
  const whole = (prefix: readonly PathStep[]): boolean => {
    const start = `${printPath(prefix)}.`;
    return all.every((path) => !`${printPath(path)}.`.startsWith(start) || wanted.has(printPath(path)));
  };
  const shortest = new Map<string, readonly PathStep[]>();
  const roots = new Map<string, boolean>();
  for (const path of chosen) {
    const length = path.findIndex((_, index) => {
      const prefix = path.slice(0, index + 1);
      const key = printPath(prefix);
      const known = roots.get(key) ?? whole(prefix);
      roots.set(key, known);
      return known;
    });
    const named = path.slice(0, length + 1);
    shortest.set(printPath(named), named);
  }
  return overLayers([...shortest.values()]).map(printPath);
}

type Pattern = readonly (PathStep | { readonly index: "*" })[];

/** Joins what differs in the layer alone, where every layer of the list is there. */
function overLayers(paths: readonly (readonly PathStep[])[]): readonly Pattern[] {
  let patterns: readonly Pattern[] = paths;
  const longest = Math.max(0, ...paths.map(({ length }) => length));
  for (let at = 0; at < longest; at++) {
    const groups = new Map<string, Pattern[]>();
    for (const pattern of patterns) {
      const key = printPath(
        pattern.map((step, index) => (index === at && typeof step !== "string" ? { index: "*" } : step)),
      );
      groups.set(key, [...(groups.get(key) ?? []), pattern]);
    }
    patterns = [...groups.values()].flatMap((group): readonly Pattern[] => {
      const step = group[0]?.[at];
      const isList = step !== undefined && typeof step !== "string" && step.index !== "*";
      if (!isList || !("count" in step) || step.count !== group.length || step.count === 1) return group;
      return [(group[0] ?? []).map((each, index) => (index === at ? { index: "*" } : each))];
    });
  }
  return patterns;
}

function printPath(path: Pattern): string {
  return path.map((step) => (typeof step === "string" ? step : String(step.index))).join(".");
}
