import { Builder } from "./builder.ts";
import { Graph } from "./graph.ts";
import { NodeMap } from "./node-map.ts";
import { allNodesOf, type Program } from "./program.ts";
import type { Node } from "./types.ts";

/** What stands for a node in the new program, or null for the same operation on the new inputs. */
export type Rewrite = (node: Node, inputs: readonly Node[], build: Builder) => Node | null;

/** A new program of the nodes that are needed, each rewritten after its inputs. */
export function rewrite(program: Program, rule: Rewrite): Program {
  const graph = new Graph();
  const made = new NodeMap<Node>();
  const madeFor = (node: Node): Node => {
    const found = made.get(node);
    if (found === undefined) throw new Error("a node stands after its inputs");
    return found;
  };
  for (const node of allNodesOf(program)) {
    const inputs = node.inputs.map(madeFor);
    const build = new Builder(graph, node.origin);
    made.set(node, rule(node, inputs, build) ?? build.copy(node, inputs));
  }
  const renew = (nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, Node> =>
    new Map([...nodes].map(([name, node]) => [name, madeFor(node)]));
  const { name, outputs, updates, once } = program;
  return { name, graph, outputs: renew(outputs), updates: renew(updates), once: renew(once) };
}
