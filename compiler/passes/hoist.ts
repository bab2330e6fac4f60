import type { Node } from "../ir/types.ts";
import { allNodesOf, nodesOf, type Program } from "../programs/program.ts";
import { rewrite } from "./rewrite.ts";

/**
 * Moves everything that depends on constants and frozen parameters only into what is computed once, when the weights are
 * loaded. What the rest reads of it becomes a parameter.
 */
export function hoist(program: Program, trainable: ReadonlySet<string>): Program {
  const fixed = new Set<Node>();
  for (const node of allNodesOf(program)) {
    const { operation, inputs } = node;
    const changes = operation.op === "input" || (operation.op === "parameter" && isState(operation.path, trainable));
    if (!changes && inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  const roots = new Set([...program.outputs.values(), ...program.updates.values()]);
  const once = new Map<Node, string>();
  for (const node of nodesOf(program)) {
    if (fixed.has(node)) continue;
    for (const input of node.inputs) if (fixed.has(input) && isWorth(input)) once.set(input, "");
  }
  for (const root of roots) if (fixed.has(root) && isWorth(root)) once.set(root, "");
  let count = 0;
  for (const node of once.keys()) once.set(node, `once:${count++}`);
  const kept = new Map(program.once);
  for (const [node, path] of once) kept.set(path, node);
  const marked: Program = { ...program, once: kept };
  const values = new Map<Node, Node>();
  // What is fixed is computed from what is fixed; everything else reads a parameter that stands for it.
  const moved = rewrite(marked, (node, _, build) => {
    if (!fixed.has(node)) return null;
    const value = build.add(node.operation, ...node.inputs.map((input) => fixedValue(input, values)));
    values.set(node, value);
    const path = once.get(node);
    return path === undefined ? value : build.add({ op: "parameter", path, type: node.type });
  });
  return { ...moved, once: new Map([...kept].map(([path, node]) => [path, fixedValue(node, values)])) };
}

function fixedValue(node: Node, values: ReadonlyMap<Node, Node>): Node {
  const value = values.get(node);
  if (value === undefined) throw new Error("what is fixed depends on what is fixed");
  return value;
}

/** Trainable parameters and what an optimizer keeps for them change from step to step. */
function isState(path: string, trainable: ReadonlySet<string>): boolean {
  return trainable.has(path) || trainable.has(path.slice(path.indexOf(":") + 1));
}

/** Reading a constant or a parameter costs no more than reading what stands for it. */
function isWorth({ operation }: Node): boolean {
  return operation.op !== "constant" && operation.op !== "parameter" && operation.op !== "iota";
}
