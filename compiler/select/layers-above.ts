import type { Graph, Node } from "../ir/index.ts";

/**
 * How many layers stand above each parameter of a traced model, by its path, which is what layer-wise decay counts by: those layers
 * of its component that its values flow into, its own too, and one more for what is in no layer and flows into some. So one stands
 * above an encoder's last layer, none above what follows it, and one more than there are layers above its embeddings. Layers are the
 * elements of outermost lists.
 */
export function layersAbove({ nodes }: Graph): ReadonlyMap<string, number> {
  const bits = new Map<string, bigint>();
  const componentLayers = new Map<string, bigint>();
  for (const { origin } of nodes) {
    const layer = layerOf(origin.path);
    if (layer === null || bits.has(layer)) continue;
    const bit = 1n << BigInt(bits.size);
    bits.set(layer, bit);
    const component = componentOf(layer);
    componentLayers.set(component, (componentLayers.get(component) ?? 0n) | bit);
  }
  /** The layers that a node's value flows into, and its own. */
  const into = new Map<Node, bigint>();
  const above = new Map<string, bigint>();
  for (const node of nodes.toReversed()) {
    const { path } = node.origin;
    const layer = layerOf(path);
    const mask = (into.get(node) ?? 0n) | (layer === null ? 0n : (bits.get(layer) ?? 0n));
    for (const input of node.inputs) into.set(input, (into.get(input) ?? 0n) | mask);
    if (node.operation.op !== "parameter") continue;
    const { path: parameter } = node.operation;
    above.set(parameter, (above.get(parameter) ?? 0n) | mask);
  }
  return new Map(
    [...above].map(([parameter, mask]) => {
      const count = countOf(mask & (componentLayers.get(componentOf(parameter)) ?? 0n));
      return [parameter, count > 0 && layerOf(parameter) === null ? count + 1 : count];
    }),
  );
}

/** The outermost element of a list that a path leads into: `text.layers[3]`. */
function layerOf(path: string): string | null {
  return /^[^[]*\[\d+\]/.exec(path)?.[0] ?? null;
}

function componentOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? "";
}

function countOf(mask: bigint): number {
  let count = 0;
  for (let left = mask; left > 0n; left &= left - 1n) count++;
  return count;
}
