import { countAt } from "../at.ts";
import { byteCount, elementCount, type Node, nodesOf, type Program } from "../ir/index.ts";
import { flopsOfNode } from "../ops/index.ts";
import { forwardNodes } from "./gradients.ts";
import { recompute } from "./recompute.ts";

/**
 * Everything inside the layers is computed again, from what flows from layer to layer. Kept are products with a matrix
 * that make less than they read, such as queries of fewer heads: of all values they cost most for the memory they take.
 * With a count, so many layers are, those first that give most memory for what they cost.
 */
export function recomputeLayers(program: Program, count: number | null = null): Program {
  if (!program.outputs.has("loss")) return program;
  const forward = forwardNodes(program);
  const leaves = new Set<Node>();
  for (const node of forward) {
    const layer = layerOf(node);
    for (const input of node.inputs) if (layerOf(input) !== layer) leaves.add(input);
  }
  const isBetween = (node: Node): boolean => layerOf(node) === null || leaves.has(node) || isNarrowing(node);
  if (count === null) return recompute(program, isBetween);
  const chosen = new Set(layersByGain(program, forward, isBetween).slice(0, count));
  return recompute(program, (node) => isBetween(node) || !chosen.has(layerOf(node) ?? ""));
}

/** The layers of a program, first those that give most bytes for an operation that is done again; of equals those that come first. */
function layersByGain(
  program: Program,
  forward: readonly Node[],
  isBetween: (node: Node) => boolean,
): readonly string[] {
  const own = new Set(forward);
  const isInside = (node: Node): boolean => own.has(node) && node.inputs.length > 0 && !isBetween(node);
  const again = new Set<Node>();
  const bytes = new Map<string, number>();
  for (const node of nodesOf(program)) {
    if (own.has(node)) continue;
    for (const input of node.inputs) {
      if (!isInside(input) || again.has(input)) continue;
      again.add(input);
      const layer = layerOf(input) ?? "";
      bytes.set(layer, countAt(bytes, layer) + byteCount(input.type));
    }
  }
  const flops = new Map<string, number>();
  // Each after its inputs, so that what only leads to something that is needed again is met after it.
  for (const node of forward.toReversed()) {
    if (!again.has(node)) continue;
    const layer = layerOf(node) ?? "";
    flops.set(layer, countAt(flops, layer) + flopsOfNode(node));
    for (const input of node.inputs) if (isInside(input)) again.add(input);
  }
  const gain = (layer: string): number => countAt(bytes, layer) / Math.max(1, countAt(flops, layer));
  return [...bytes.keys()].toSorted((a, b) => gain(b) - gain(a));
}

/** How many layers nodes are in. */
export function layerCount(nodes: readonly Node[]): number {
  return new Set(nodes.flatMap((node) => layerOf(node) ?? [])).size;
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
