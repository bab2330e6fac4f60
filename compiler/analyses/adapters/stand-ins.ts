import { at } from "../../at.ts";
import type { Graph, Node } from "../../ir/index.ts";
import type { TracedSpec } from "../../programs/index.ts";

/**
 * What stands in the place of a module's own parameters, by their paths, where its adapter computes what the module does of parameters of
 * its own, as LN tuning does: the same operations in the same order, on what the module is used on. Null where it computes anything else,
 * or where such a parameter is read besides, so that another value of it would change more than the module.
 */
export function standIns(module: string, adapter: string, spec: TracedSpec): ReadonlyMap<string, Node> | null {
  const plain = valuesIn(spec.bare, module);
  const adapted = valuesIn(spec.graph, adapter);
  if (plain.length === 0 || plain.length !== adapted.length) return null;
  const pairs = new Pairs();
  const [isPlain, isAdapted] = [new Set(plain), new Set(adapted)];
  const found = new Map<string, Node>();
  const outside: [Node, Node][] = [];
  for (const [place, node] of plain.entries()) {
    const other = at(adapted, place);
    if (!isAlike(node, other) || !pairs.join(node, other)) return null;
    for (const [index, input] of node.inputs.entries()) {
      const given = at(other.inputs, index);
      if (JSON.stringify(given.type) !== JSON.stringify(input.type) || !pairs.join(input, given)) return null;
      const [from, to] = [input.operation, given.operation];
      if (from.op === "parameter" && to.op === "parameter") {
        if (from.path !== to.path) found.set(from.path, given);
      } else if (from.op === "parameter" || to.op === "parameter") return null;
      else if (isPlain.has(input) !== isAdapted.has(given)) return null;
      else if (!isPlain.has(input)) outside.push([input, given]);
    }
  }
  const isOwn = [...found].every(([path, { operation }]) => {
    const stand = operation.op === "parameter" ? operation.path : "";
    return path.startsWith(`${module}.`) && stand.startsWith(`${adapter}.`);
  });
  if (found.size === 0 || !isOwn || !areSame(outside)) return null;
  return isReadBesides(new Set(found.keys()), spec) ? null : found;
}

/** The values that are computed in a place of the model, in their order, without the parameters that are read there. */
function valuesIn({ nodes }: Graph, place: string): readonly Node[] {
  return nodes.filter(
    ({ operation, origin: { path } }) =>
      operation.op !== "parameter" && (path === place || path.startsWith(`${place}.`)),
  );
}

/** Nodes of one graph with those of another one that are the same there: one of each. */
class Pairs {
  private readonly there = new Map<Node, Node>();
  private readonly back = new Map<Node, Node>();

  /** Whether both are each other's, or are from now on. */
  join(one: Node, other: Node): boolean {
    const [known, knownBack] = [this.there.get(one) ?? other, this.back.get(other) ?? one];
    this.there.set(one, known);
    this.back.set(other, knownBack);
    return known === other && knownBack === one;
  }
}

function isAlike(one: Node, other: Node): boolean {
  const form = ({ operation, type, inputs }: Node): string => JSON.stringify([operation, type, inputs.length]);
  return form(one) === form(other);
}

/**
 * Whether what both read from outside is the same in either graph. A single value is what both are used on; of several each has to be
 * computed in the same place of the spec, and no two in one place, so that an adapter that swaps them is found out.
 */
function areSame(outside: readonly (readonly [Node, Node])[]): boolean {
  const pairs = new Map(outside);
  if (pairs.size <= 1) return true;
  const placeOf = ({ operation, origin: { path, span } }: Node): string =>
    `${operation.op} ${path} ${span.source.name} ${span.start} ${span.end}`;
  const places = new Set([...pairs.keys()].map(placeOf));
  return places.size === pairs.size && [...pairs].every(([one, other]) => placeOf(one) === placeOf(other));
}

function isReadBesides(paths: ReadonlySet<string>, { graph, losses, outputs }: TracedSpec): boolean {
  const isOne = ({ operation }: Node): boolean => operation.op === "parameter" && paths.has(operation.path);
  return [...losses, ...outputs.values()].some(isOne) || graph.nodes.some(({ inputs }) => inputs.some(isOne));
}
