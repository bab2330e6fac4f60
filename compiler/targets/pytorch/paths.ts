import type { Adaptable, Component, ModuleInstance, ParameterInstance, Step } from "../../elaborate/index.ts";
import { attributeName, modelAttributeName } from "./names.ts";
import { sharedNames } from "./shared.ts";

/** One step of a path in Python: an attribute, or the number of a layer and how many there are. */
export type PathStep = string | { readonly index: number; readonly count: number };

type Path = readonly PathStep[];

/** Where a model's modules and parameters stand in Python's. */
export interface Paths {
  readonly parameters: ReadonlyMap<ParameterInstance, Path>;
  /** Where modules and parameters would stand if there were no adapters. */
  readonly plain: ReadonlyMap<Adaptable, Path>;
}

/** Where something stands, and where it would stand without adapters. */
interface Stand {
  readonly path: Path;
  readonly plain: Path;
}

export function pathsOf(components: readonly Component[]): Paths {
  const parameters = new Map<ParameterInstance, Path>();
  const plain = new Map<Adaptable, Path>();
  const shared = sharedNames(components);
  const addModule = (instance: ModuleInstance, at: Stand): void => {
    plain.set(instance, at.plain);
    // Adapters are around a module: the outermost stands at its path.
    const { adapters } = instance;
    const inside = (count: number): Stand => ({ ...at, path: [...at.path, ...Array<PathStep>(count).fill("base")] });
    for (const [level, adapter] of adapters.entries())
      addMembers(adapter.instance, inside(adapters.length - 1 - level));
    addMembers(instance, inside(adapters.length));
  };
  const addMembers = (instance: ModuleInstance, at: Stand): void => {
    for (const parameter of instance.parameters) addParameter(parameter, at, lastStep(parameter.steps));
    for (const child of instance.children) addModule(child, below(at, lastStep(child.steps)));
  };
  const addParameter = (parameter: ParameterInstance, at: Stand, own: Path): void => {
    plain.set(parameter, [...at.plain, ...own]);
    // PyTorch keeps a parameter and its parametrizations, the innermost first, in a module of their own.
    const { adapters } = parameter;
    const { length: count } = adapters;
    const list = below({ ...at, path: [...at.path, "parametrizations"] }, own);
    parameters.set(parameter, count === 0 ? [...at.path, ...own] : [...list.path, "original"]);
    for (const [index, { instance }] of adapters.entries()) addMembers(instance, below(list, [{ index, count }]));
  };
  for (const component of components) {
    if ("parameter" in component) {
      const { kind, name, parameter } = component;
      if (kind === "shared") addParameter(parameter, same(["shared"]), [shared.get(parameter) ?? name]);
      else addParameter(parameter, same([]), [modelAttributeName(name)]);
    } else {
      const { kind, name, instance } = component;
      addModule(instance, same(kind === "head" ? ["heads", name] : lastStep(instance.steps, modelAttributeName)));
    }
  }
  return { parameters, plain };
}

function same(path: Path): Stand {
  return { path, plain: path };
}

function below({ path, plain }: Stand, own: Path): Stand {
  return { path: [...path, ...own], plain: [...plain, ...own] };
}

function lastStep(steps: readonly Step[], attributeOf = attributeName): Path {
  const step = steps.at(-1);
  if (step === undefined) throw new Error("what stands in a module has a step of its own");
  const { name, index, count } = step;
  return index === null ? [attributeOf(name)] : [attributeOf(name), { index, count: count ?? 0 }];
}

/** Patterns that name these modules and no others: `*` stands for every layer of a list. */
export function patternsOfModules(paths: readonly Path[]): readonly string[] {
  return overLayers(paths).map(printPath);
}

/**
 * The fewest patterns that name these paths: `*` stands for every layer of a list. What is named as a whole when everything below it is
 * chosen, of `all`, is named as a whole.
 */
export function patternsFor(chosen: readonly Path[], all: readonly Path[]): readonly string[] {
  const wanted = new Set(chosen.map(printPath));
  const whole = (prefix: Path): boolean => {
    const start = `${printPath(prefix)}.`;
    return all.every((path) => !`${printPath(path)}.`.startsWith(start) || wanted.has(printPath(path)));
  };
  const shortest = new Map<string, Path>();
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
function overLayers(paths: readonly Path[]): readonly Pattern[] {
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
