import { allNodesOf, type Node, NodeMap, type Program } from "../ir/index.ts";

/** The nodes that read a node. */
export type Consumers = (node: Node) => readonly Node[];

/** Which nodes read each node; what a program gives is read by itself. */
export function consumersOf(program: Program): Consumers {
  const consumers = new NodeMap<Node[]>();
  const add = (node: Node, consumer: Node): void => {
    const known = consumers.get(node);
    if (known === undefined) consumers.set(node, [consumer]);
    else known.push(consumer);
  };
  for (const node of allNodesOf(program)) for (const input of node.inputs) add(input, node);
  for (const root of [...program.outputs.values(), ...program.updates.values(), ...program.once.values()])
    add(root, root);
  return (node) => consumers.get(node) ?? [];
}
