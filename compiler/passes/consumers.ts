import type { Node } from "../ir/types.ts";
import { allNodesOf, type Program } from "../programs/program.ts";

/** Which nodes read each node; what a program gives is read by itself. */
export function consumersOf(program: Program): ReadonlyMap<Node, readonly Node[]> {
  const consumers = new Map<Node, Node[]>();
  const add = (node: Node, consumer: Node): void => {
    const known = consumers.get(node);
    if (known === undefined) consumers.set(node, [consumer]);
    else known.push(consumer);
  };
  for (const node of allNodesOf(program)) for (const input of node.inputs) add(input, node);
  for (const root of [...program.outputs.values(), ...program.updates.values(), ...program.once.values()])
    add(root, root);
  return consumers;
}
