import { byteCount, memoizeDepthFirst, type Node, nodesOf, type Program } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { forwardNodes } from "./gradients.ts";
import { recompute } from "./recompute.ts";

/**
 * What one operation on elements makes of values that are kept anyway is made again: reading it costs as much as making
 * it, and keeping it costs memory. A value times a number, or in another type, is made of that value in any case.
 */
export function recomputeElements(program: Program): Program {
  if (!program.outputs.has("loss")) return program;
  const forward = new Set(forwardNodes(program));
  /** The value of which another is a multiple, or that it says in another type without losing digits. */
  const sourceOf = memoizeDepthFirst(
    (node: Node) => node.inputs.slice(0, isVariant(node) ? 1 : 0),
    (node, [source = node]: readonly Node[]): Node => source,
  );
  const kept = new Set<Node>();
  for (const node of nodesOf(program)) {
    if (!forward.has(node)) for (const input of node.inputs) if (forward.has(input)) kept.add(sourceOf(input));
  }
  const isThere = (node: Node): boolean => node.inputs.length === 0 || kept.has(sourceOf(node));
  const isMade = (node: Node): boolean => {
    const { operation, inputs, type } = node;
    return (
      traitsOf(operation).isCheap &&
      inputs.every((input) => isThere(input) || 8 * byteCount(input.type) <= byteCount(type))
    );
  };
  return recompute(program, (node) => sourceOf(node) === node && !isMade(node));
}

/** Whether a value is a multiple of its first input, or that in another type without losing digits. */
function isVariant({ operation, inputs: [a, b], type }: Node): boolean {
  switch (operation.op) {
    case "neg":
      return true;
    case "mul":
      return b?.operation.op === "constant" && b.type.shape.length === 0;
    case "cast":
      return a !== undefined && byteCount(type) > byteCount(a.type);
    default:
      return false;
  }
}
