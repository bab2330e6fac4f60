import type { ModuleInstance } from "../../elaborate/index.ts";
import { type Node, neededFor } from "../../ir/index.ts";
import type { Element } from "../../select/index.ts";
import { Interner, OwnComputation } from "./own-computation.ts";
import { foldPaths, pathsAround } from "./paths.ts";
import type { ComputationChange } from "./types.ts";

/** What a comparison of computations looks at. */
export interface Traced {
  readonly losses: readonly Node[];
  readonly metrics: ReadonlyMap<string, Node>;
  readonly outputs: ReadonlyMap<string, Node>;
  readonly elements: readonly Element[];
}

/** What a model computes, as numbers that are equal where the computations are. */
interface Summary {
  /** Each let, loss, metric and module by itself. */
  readonly parts: ReadonlyMap<string, number>;
  /** All of it. */
  readonly whole: number;
  /** Modules that are adapters, parts of one, or have one: it is told of them as adapters whether they are computed. */
  readonly adapted: ReadonlySet<string>;
}

/**
 * The lets, the losses, the metrics and the modules whose own computation differs. Each is compared by itself: what flows into it is known
 * by the name of where it comes from. So a change is told where it is made and not in everything that follows, and an
 * adapter changes nothing outside it; those that are told to have changed are left out. `isWholeEqual` says whether anything at
 * all differs.
 */
export function compareComputation(
  before: Traced,
  after: Traced,
  changedAdapters: ReadonlySet<string>,
): { readonly changes: readonly ComputationChange[]; readonly isWholeEqual: boolean } {
  const interner = new Interner();
  // A let that one model alone has is a part of what uses it.
  const shared = new Set([...before.outputs.keys()].filter((name) => after.outputs.has(name)));
  const old = summaryOf(before, shared, interner);
  const current = summaryOf(after, shared, interner);
  const names = [...new Set([...old.parts.keys(), ...current.parts.keys()])];
  const single = names.flatMap((what): readonly ComputationChange[] => {
    const change = changeOf(old.parts.get(what), current.parts.get(what));
    const isAdapted = old.adapted.has(what) || current.adapted.has(what);
    const isTold = [what, ...pathsAround(what)].some((path) => changedAdapters.has(path));
    return change === null || isTold || (isAdapted && change !== "changed") ? [] : [{ change, what }];
  });
  const changes = foldPaths(
    outermost(single),
    ({ what }) => what,
    ({ change }) => change,
  ).flatMap(({ text, items }) => items.slice(0, 1).map(({ change }) => ({ change, what: text })));
  return { changes, isWholeEqual: old.whole === current.whole };
}

function changeOf(before: number | undefined, after: number | undefined): ComputationChange["change"] | null {
  if (before === after) return null;
  return before === undefined ? "added" : after === undefined ? "removed" : "changed";
}

/** Of modules that came or went with all that is in them, those that are in no other. */
function outermost(changes: readonly ComputationChange[]): readonly ComputationChange[] {
  const known = new Map(changes.map(({ what, change }) => [what, change]));
  return changes.filter(({ what, change }) => {
    if (change === "changed") return true;
    return ![...pathsAround(what)].some((around) => known.get(around) === change);
  });
}

function summaryOf(
  { losses, metrics, outputs, elements }: Traced,
  shared: ReadonlySet<string>,
  interner: Interner,
): Summary {
  const ends = [...losses, ...metrics.values(), ...outputs.values()];
  const nodes = neededFor(ends);
  const lets = new Map([...outputs].filter(([name]) => shared.has(name)));
  const own = new OwnComputation(nodes, lets, ends, elements, interner);
  const parts = new Map<string, number>();
  for (const [name, node] of outputs) parts.set(`let ${name}`, own.ofModelNode(node, name));
  for (const [index, loss] of losses.entries()) {
    parts.set(losses.length === 1 ? "loss" : `loss ${index + 1}`, own.ofModelNode(loss, null));
  }
  for (const [name, node] of metrics) parts.set(`metric ${name}`, own.ofModelNode(node, null));
  for (const path of own.modules) parts.set(path, own.ofModule(path));
  const adapted = new Set<string>();
  const visit = (module: ModuleInstance): void => {
    adapted.add(module.path);
    module.children.forEach(visit);
  };
  for (const { instance } of elements) {
    if (instance === null || instance.adapters.length === 0) continue;
    adapted.add(instance.path);
    for (const adapter of instance.adapters) visit(adapter.instance);
  }
  const whole = wholeOf(nodes, losses, new Map([...outputs, ...metrics]), interner);
  return { parts, whole, adapted };
}

/** A number for all that a model computes, wherever it is computed. */
function wholeOf(
  nodes: readonly Node[],
  losses: readonly Node[],
  outputs: ReadonlyMap<string, Node>,
  interner: Interner,
): number {
  const numbers = new Map<Node, number>();
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => numbers.get(input) ?? -1);
    numbers.set(node, interner.ofNode("whole", node, inputs));
  }
  const results = [...outputs].map(([name, node]) => `${name} ${numbers.get(node) ?? -1}`).sort();
  return interner.number(`results ${results.join(", ")}; ${losses.map((loss) => numbers.get(loss) ?? -1).join(", ")}`);
}
