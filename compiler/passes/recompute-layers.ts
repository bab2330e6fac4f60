import { elementCount, type Node, type Program } from "../ir/index.ts";
import { forwardNodes } from "./gradients.ts";
import { recompute } from "./recompute.ts";

/**
 * Everything inside the layers is computed again, from what flows from layer to layer. Kept are products with a matrix
 * that make less than they read, such as queries of fewer heads: of all values they cost most for the memory they take.
 */
export function recomputeLayers(program: Program): Program {
  if (!program.outputs.has("loss")) return program;
  const leaves = new Set<Node>();
  for (const node of forwardNodes(program)) {
    const layer = layerOf(node);
    for (const input of node.inputs) if (layerOf(input) !== layer) leaves.add(input);
  }
  return recompute(program, (node) => layerOf(node) === null || leaves.has(node) || isNarrowing(node));
}

function isNarrowing({ operation, inputs: [a, b], type }: Node): boolean {
  if (operation.op !== "matmul" || a === undefined || b?.type.shape.length !== 2) return false;
  return 2 * elementCount(type) <= elementCount(a.type);
}

/** The innermost numbered part that a node is in: `vision.spatial.layers[2]`. */
function layerOf({ origin }: Node): string | null {
  const end = origin.path.lastIndexOf("]");
  return end < 0 ? null : origin.path.slice(0, end + 1);
}
