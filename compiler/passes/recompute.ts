import { type Builder, memoizeDepthFirst, type Node, NodeMap, type Program, rewrite } from "../ir/index.ts";
import { forwardNodes } from "./gradients.ts";

/**
 * What the backward pass reads of the forward pass has to be kept until then. Values for which `isKept` is false are
 * computed a second time instead, from what is kept, just before they are first read there.
 */
export function recompute(program: Program, isKept: (node: Node) => boolean): Program {
  if (!program.outputs.has("loss")) return program;
  const forward = new Set(forwardNodes(program));
  const made = new NodeMap<Node>();
  const isRead = (node: Node): boolean => !forward.has(node) || node.inputs.length === 0 || isKept(node);
  let build: Builder | null = null;
  const valueFor = memoizeDepthFirst(
    (node: Node) => (isRead(node) ? [] : node.inputs),
    (node, inputs: readonly Node[]): Node => {
      const first = made.get(node);
      if (first === undefined || build === null) throw new Error("a node stands after its inputs");
      return isRead(node) ? first : build.add(node.operation, ...inputs);
    },
  );
  return rewrite(program, (node, inputs, builder) => {
    build = builder;
    const operands = forward.has(node) ? inputs : node.inputs.map(valueFor);
    const result = builder.copy(node, operands);
    made.set(node, result);
    return result;
  });
}
