import { countAt } from "../at.ts";
import { allNodesOf, type Node, NodeMap, nodesOf, type Program, rewrite } from "../ir/index.ts";
import { flopsOfNode } from "../ops/index.ts";
import { roleOf } from "../programs/index.ts";

/**
 * Moves everything that depends on constants and frozen parameters only into what is computed once, when the weights are
 * loaded. What the rest reads of it becomes a parameter.
 */
export function hoist(program: Program, trainable: ReadonlySet<string>): Program {
  return hoistWhere(program, trainable, "once", isWorth);
}

/** From that many floating-point operations on, a value is computed before it is written into a model. */
const manyFlops = 1e8;

/** The same for what takes long to compute only. Its paths have the program's name, as models share their weights. */
export function hoistLargest(program: Program, trainable: ReadonlySet<string>): Program {
  // What is used twice is counted twice here: a bound, below which nothing need be counted exactly.
  const atMost = new Map<Node, number>();
  for (const node of nodesOf(program)) {
    const before = node.inputs.reduce((sum, input) => sum + countAt(atMost, input), 0);
    atMost.set(node, before + flopsOfNode(node));
  }
  const isLarge = (node: Node): boolean =>
    countAt(atMost, node) >= manyFlops &&
    program.graph.neededFor([node]).reduce((sum, each) => sum + flopsOfNode(each), 0) >= manyFlops;
  return hoistWhere(program, trainable, `once:${program.name}`, isLarge);
}

function hoistWhere(
  program: Program,
  trainable: ReadonlySet<string>,
  prefix: string,
  isWanted: (node: Node) => boolean,
): Program {
  const fixed = new Set<Node>();
  for (const node of allNodesOf(program)) {
    const { operation, inputs } = node;
    const changes =
      operation.op === "input" || (operation.op === "parameter" && roleOf(operation.path, trainable) !== "frozen");
    if (!changes && inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  const roots = new Set([...program.outputs.values(), ...program.updates.values()]);
  const once = new Map<Node, string>();
  for (const node of nodesOf(program)) {
    if (fixed.has(node)) continue;
    for (const input of node.inputs) if (fixed.has(input) && isWanted(input)) once.set(input, "");
  }
  for (const root of roots) if (fixed.has(root) && isWanted(root)) once.set(root, "");
  let count = 0;
  for (const node of once.keys()) once.set(node, `${prefix}:${count++}`);
  const kept = new Map(program.once);
  for (const [node, path] of once) kept.set(path, node);
  const marked: Program = { ...program, once: kept };
  const values = new NodeMap<Node>();
  // What is fixed is computed from what is fixed; everything else reads a parameter that stands for it.
  const moved = rewrite(marked, (node, _, build) => {
    if (!fixed.has(node)) return null;
    const value = build.copy(
      node,
      node.inputs.map((input) => fixedValue(input, values)),
    );
    values.set(node, value);
    const path = once.get(node);
    return path === undefined ? value : build.add({ op: "parameter", path, type: node.type });
  });
  return { ...moved, once: new Map([...kept].map(([path, node]) => [path, fixedValue(node, values)])) };
}

function fixedValue(node: Node, values: NodeMap<Node>): Node {
  const value = values.get(node);
  if (value === undefined) throw new Error("what is fixed depends on what is fixed");
  return value;
}

/** Reading what is made of nothing, a constant or a parameter, costs no more than reading what stands for it. */
function isWorth({ inputs }: Node): boolean {
  return inputs.length > 0;
}
