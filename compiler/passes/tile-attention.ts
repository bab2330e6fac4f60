import { allNodesOf, byteCount, type Node, type Program } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { type Consumers, consumersOf } from "./consumers.ts";
import { blockBytes, blocksFor, computeInTiles, type Region } from "./tiles.ts";

/**
 * Attention in blocks: where a product of two batches of matrices passes through a softmax into another such product, the
 * scores are computed for some rows of the batch at a time. They are by far the largest values of a transformer, and
 * nothing but these few operations ever reads them.
 */
export function tileAttention(program: Program, bytesPerBlock: number = blockBytes): Program {
  const consumers = consumersOf(program);
  return computeInTiles(program, allNodesOf(program), (node) => regionOf(node, consumers, bytesPerBlock));
}

/** The attention that ends in a node, from the scores on, when there is one that is worth cutting. */
function regionOf(end: Node, consumers: Consumers, bytesPerBlock: number): Region | null {
  const { operation, inputs, type } = end;
  const [weights] = inputs;
  if (operation.op !== "matmul" || weights === undefined || type.shape.length < 3) return null;
  const [rows = 1] = type.shape;
  const nodes = scoresTo(weights, end, rows, consumers);
  if (nodes === null || inputs[1]?.type.shape[0] !== rows) return null;
  const bytes = byteCount({ ...weights.type, dtype: "f32" });
  const blocks = blocksFor(rows, bytes, bytesPerBlock);
  return blocks < 2 ? null : { nodes: [...nodes].reverse().concat(end), axis: 0, rows, blocks };
}

/**
 * What leads from a product of batches through one softmax to the weights that `end` multiplies, last first, where all of it
 * works on each row by itself and is read nowhere else.
 */
function scoresTo(weights: Node, end: Node, rows: number, consumers: Consumers): ReadonlySet<Node> | null {
  const rank = end.type.shape.length;
  const isOfRows = ({ type: { shape } }: Node): boolean => shape.length === rank && shape[0] === rows;
  const nodes = new Set<Node>();
  let softmaxes = 0;
  for (let node = weights; ; ) {
    const { operation, inputs, type } = node;
    const isOwn = consumers(node).every((user) => user === end || nodes.has(user));
    if (!isOwn || !isOfRows(node)) return null;
    nodes.add(node);
    switch (operation.op) {
      case "matmul":
        return softmaxes === 1 && inputs.every(isOfRows) ? nodes : null;
      case "softmax":
        if (operation.axis !== -1 && operation.axis !== rank - 1) return null;
        softmaxes += 1;
        break;
      default:
        if (!traitsOf(operation).isOfScores) return null;
    }
    // What is as large as the scores is part of the region; a bias or a mask that is repeated for them is not.
    const [large, ...others] = inputs.filter((input) => 2 * byteCount(input.type) >= byteCount(type));
    if (large === undefined || others.length > 0) return null;
    node = large;
  }
}
