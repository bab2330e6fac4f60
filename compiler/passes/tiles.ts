import { type Builder, type Node, NodeMap, type Program, rewrite } from "../ir/index.ts";

/**
 * What is computed for one block is at most about that large in each of its values, so that they stay in a processor's
 * cache. Of 4, 8 and 24 MiB, 8 made the step of the reference fastest.
 */
export const blockBytes = 8 * 1024 * 1024;

/**
 * Blocks are nodes of the program, so that of very large batches, as a spec has beside its `micro_batch`, each block takes more than
 * `blockBytes`: a batch of 1,024 had millions of nodes.
 */
const mostBlocks = 256;

/** Operations that work on each row of an axis by itself, and so can be computed for some rows at a time. */
export interface Region {
  /** Each after its inputs; the last one is what the others are for. */
  readonly nodes: readonly Node[];
  readonly axis: number;
  readonly rows: number;
  readonly blocks: number;
}

/** How many blocks some rows are cut into when `bytes` is what all of them take; below 2 it is not worth it. */
export function blocksFor(rows: number, bytes: number, bytesPerBlock: number): number {
  const rowsPerBlock = Math.max(1, Math.floor((bytesPerBlock * rows) / bytes), Math.ceil(rows / mostBlocks));
  return Math.ceil(rows / rowsPerBlock);
}

/** Computes in blocks what leads to some nodes, where it is worth it; of regions that share nodes, the first is taken. */
export function computeInTiles(
  program: Program,
  ends: Iterable<Node>,
  regionOf: (end: Node) => Region | null,
): Program {
  const regions = new Map<Node, Region>();
  const taken = new Set<Node>();
  for (const end of ends) {
    const region = taken.has(end) ? null : regionOf(end);
    if (region === null || region.nodes.some((node) => taken.has(node))) continue;
    regions.set(end, region);
    for (const node of region.nodes) taken.add(node);
  }
  if (regions.size === 0) return program;
  const made = new NodeMap<Node>();
  return rewrite(program, (node, inputs, build) => {
    const region = regions.get(node);
    const result = region === undefined ? build.copy(node, inputs) : inBlocks(region, made, build);
    made.set(node, result);
    return result;
  });
}

/** Computes a region block by block, and puts the blocks together; `made` has what was made of the nodes before it. */
function inBlocks({ nodes, axis, rows, blocks }: Region, made: NodeMap<Node>, build: Builder): Node {
  const step = Math.ceil(rows / blocks);
  const parts: Node[] = [];
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const cut = new Map<Node, Node>();
    /** Some rows of what the region reads; what has one row for all, or no axis for them, is read as it is. */
    const rowsOf = (input: Node, user: Node): Node => {
      const value = made.get(input);
      if (value === undefined) throw new Error("a node stands after its inputs");
      const { shape } = value.type;
      const hasRows = shape.length === user.type.shape.length && shape[axis] === rows;
      return hasRows ? build.add({ op: "slice", axis, from, to }, value) : value;
    };
    let last: Node | null = null;
    for (const node of nodes) {
      const inputs = node.inputs.map((input) => cut.get(input) ?? rowsOf(input, node));
      last = build.from(node.origin).add(node.operation, ...inputs);
      cut.set(node, last);
    }
    if (last !== null) parts.push(last);
  }
  return build.add({ op: "concat", axis }, ...parts);
}
