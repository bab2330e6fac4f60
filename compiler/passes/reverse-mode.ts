import { Builder, type Graph, type Node, neededFor } from "../ir/index.ts";
import { derivativeOf, isDifferentiable } from "../ops/index.ts";

/**
 * Appends the gradients of a number with respect to some nodes, in reverse mode. Only what leads to one of them is built:
 * below the lowest adapter nothing, and no gradient of a weight that is not wanted. A wanted node on which the number
 * does not depend is missing in the result.
 */
export function gradientsOf(graph: Graph, loss: Node, wanted: ReadonlySet<Node>): ReadonlyMap<Node, Node> {
  const nodes = neededFor([loss]);
  const leads = new Set<Node>();
  for (const node of nodes) {
    if (wanted.has(node)) leads.add(node);
    else if (isDifferentiable(node.operation) && node.inputs.some((input) => leads.has(input))) leads.add(node);
  }
  const gradients = new Map<Node, Node>();
  const found = new Map<Node, Node>();
  if (leads.has(loss)) gradients.set(loss, new Builder(graph, loss.origin).constant(1));
  for (const node of nodes.toReversed()) {
    const gradient = gradients.get(node);
    if (gradient === undefined) continue;
    gradients.delete(node);
    if (wanted.has(node)) found.set(node, gradient);
    if (!isDifferentiable(node.operation)) continue;
    const build = new Builder(graph, node.origin);
    const needs = (input: number): boolean => {
      const operand = node.inputs[input];
      return operand !== undefined && leads.has(operand);
    };
    if (!node.inputs.some((_, input) => needs(input))) continue;
    for (const [input, part] of derivativeOf(node, gradient, needs, build).entries()) {
      const operand = node.inputs[input];
      if (part === null || operand === undefined || !leads.has(operand)) continue;
      const known = gradients.get(operand);
      gradients.set(operand, known === undefined ? part : build.add({ op: "add" }, known, part));
    }
  }
  return found;
}
