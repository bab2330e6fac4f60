import { type Node, neededFor } from "../../ir/index.ts";
import type { Element } from "../../select/index.ts";
import type { PlacedAdapter } from "./adapters.ts";
import { digestOfNode, OwnComputation } from "./own-computation.ts";
import { foldPaths, pathsAround } from "./paths.ts";
import type { ComputationChange } from "./types.ts";

/** What a computation is told from. */
export interface Traced {
  readonly losses: readonly Node[];
  readonly metrics: ReadonlyMap<string, Node>;
  readonly outputs: ReadonlyMap<string, Node>;
  readonly elements: readonly Element[];
}

/** A value of the model by what is computed for it: between the modules and other lets, and in all. */
interface ModelValue {
  readonly own: string;
  readonly whole: string;
}

/** What a model computes, as digests that are equal where the computations are. */
export interface Computation {
  readonly lets: readonly (ModelValue & { readonly name: string })[];
  readonly losses: readonly ModelValue[];
  readonly metrics: readonly (ModelValue & { readonly name: string })[];
  /** Modules that compute something, by what they compute themselves; adapters among them. */
  readonly modules: readonly { readonly path: string; readonly own: string }[];
}

/** What of a model's meaning its computation is compared by. */
interface Computing {
  readonly computation: Computation;
  readonly adapters: readonly PlacedAdapter[];
}

/** The computation of a model, where some of its lets count as parts of what uses them. */
export function computationOf(
  { losses, metrics, outputs, elements }: Traced,
  isApart: (letName: string) => boolean,
): Computation {
  const ends = [...losses, ...metrics.values(), ...outputs.values()];
  const nodes = neededFor(ends);
  const lets = new Map([...outputs].filter(([name]) => isApart(name)));
  const own = new OwnComputation(nodes, lets, ends, elements);
  const wholes = new Map<Node, string>();
  const wholeOf = (node: Node): string => wholes.get(node) ?? "";
  for (const node of nodes) wholes.set(node, digestOfNode("whole", node, node.inputs.map(wholeOf)));
  return {
    lets: [...outputs].map(([name, node]) => ({ name, own: own.ofModelNode(node, name), whole: wholeOf(node) })),
    losses: losses.map((node) => ({ own: own.ofModelNode(node, null), whole: wholeOf(node) })),
    metrics: [...metrics].map(([name, node]) => ({ name, own: own.ofModelNode(node, null), whole: wholeOf(node) })),
    modules: own.modules.map((path) => ({ path, own: own.ofModule(path) })),
  };
}

/**
 * The lets, the losses, the metrics and the modules whose own computation differs. Each is compared by itself: what flows into it is known
 * by the name of where it comes from. So a change is told where it is made and not in everything that follows, and an
 * adapter changes nothing outside it; those that are told to have changed are left out. `isWholeEqual` says whether anything at
 * all differs.
 */
export function compareComputation(
  before: Computing,
  after: Computing,
  changedAdapters: ReadonlySet<string>,
): { readonly changes: readonly ComputationChange[]; readonly isWholeEqual: boolean } {
  const old = partsOf(before.computation);
  const current = partsOf(after.computation);
  const adapted = adaptedPaths([...before.adapters, ...after.adapters]);
  const names = [...new Set([...old.keys(), ...current.keys()])];
  const single = names.flatMap((what): readonly ComputationChange[] => {
    const change = changeOf(old.get(what), current.get(what));
    const around = [what, ...pathsAround(what)];
    const isAdapted = adapted.modules.has(what) || around.some((path) => adapted.adapters.has(path));
    const isTold = around.some((path) => changedAdapters.has(path));
    return change === null || isTold || (isAdapted && change !== "changed") ? [] : [{ change, what }];
  });
  const changes = foldPaths(
    outermost(single),
    ({ what }) => what,
    ({ change }) => change,
  ).flatMap(({ text, items }) => items.slice(0, 1).map(({ change }) => ({ change, what: text })));
  return { changes, isWholeEqual: wholeOf(before.computation) === wholeOf(after.computation) };
}

/** Each let, loss, metric and module as it is called. A module has no whole: what it computes in all is told of by what uses it. */
function partsOf({ lets, losses, metrics, modules }: Computation): ReadonlyMap<string, Partial<ModelValue>> {
  return new Map<string, Partial<ModelValue>>([
    ...lets.map((value) => [`let ${value.name}`, value] as const),
    ...losses.map((value, index) => [losses.length === 1 ? "loss" : `loss ${index + 1}`, value] as const),
    ...metrics.map((value) => [`metric ${value.name}`, value] as const),
    ...modules.map((module) => [module.path, module] as const),
  ]);
}

/** Modules that are adapters or have one: it is told of them as adapters whether they are computed. */
function adaptedPaths(placed: readonly PlacedAdapter[]): {
  readonly adapters: ReadonlySet<string>;
  readonly modules: ReadonlySet<string>;
} {
  return { adapters: new Set(placed.map(({ path }) => path)), modules: new Set(placed.map(({ module }) => module)) };
}

/** What is the same in all is the same, however it is divided into lets. */
function changeOf(
  before: Partial<ModelValue> | undefined,
  after: Partial<ModelValue> | undefined,
): ComputationChange["change"] | null {
  if (before === undefined) return after === undefined ? null : "added";
  if (after === undefined) return "removed";
  const isSame = before.own === after.own || (before.whole !== undefined && before.whole === after.whole);
  return isSame ? null : "changed";
}

/** Of modules that came or went with all that is in them, those that are in no other. */
function outermost(changes: readonly ComputationChange[]): readonly ComputationChange[] {
  const known = new Map(changes.map(({ what, change }) => [what, change]));
  return changes.filter(({ what, change }) => {
    if (change === "changed") return true;
    return ![...pathsAround(what)].some((around) => known.get(around) === change);
  });
}

/** A text for all that a model computes, wherever it is computed. */
function wholeOf({ lets, losses, metrics }: Computation): string {
  const named = [...lets, ...metrics].map(({ name, whole }) => `${name} ${whole}`);
  return JSON.stringify([named.sort(), losses.map(({ whole }) => whole)]);
}
