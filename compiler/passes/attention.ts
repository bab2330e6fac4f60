import { byteCount, type Node } from "../ir/types.ts";
import type { Program } from "../programs/program.ts";
import { blockBytes, blocksFor, cutIntoBlocks, type Region } from "./blocks.ts";
import { consumersOf } from "./consumers.ts";

/**
 * Attention in blocks: where a product of two batches of matrices passes through a softmax into another such product, the
 * scores are computed for some rows of the batch at a time. They are by far the largest values of a transformer, and
 * nothing but these few operations ever reads them.
 */
export function blockAttention(program: Program, bytesPerBlock: number = blockBytes): Program {
  const consumers = consumersOf(program);
  return cutIntoBlocks(program, consumers.keys(), (node) => regionOf(node, consumers, bytesPerBlock));
}

/** The attention that ends in a node, from the scores on, when there is one that is worth cutting. */
function regionOf(end: Node, consumers: ReadonlyMap<Node, readonly Node[]>, bytesPerBlock: number): Region | null {
  const { operation, inputs, type } = end;
  const [weights] = inputs;
  if (operation.op !== "matmul" || weights === undefined || type.shape.length < 3) return null;
  const [rows = 1] = type.shape;
  const nodes = new Set<Node>();
  let softmaxes = 0;
  let products = 0;
  /** True when all that leads from a product of batches to `node` works on each row by itself and is read nowhere else. */
  const collect = (node: Node): boolean => {
    if (nodes.has(node)) return true;
    const { shape } = node.type;
    const isOwn = (consumers.get(node) ?? []).every((user) => user === end || nodes.has(user));
    if (!isOwn || shape[0] !== rows || shape.length !== type.shape.length) return false;
    const { operation: inner, inputs: operands } = node;
    switch (inner.op) {
      case "matmul":
        products += 1;
        nodes.add(node);
        return operands.every(
          (operand) => operand.type.shape.length === shape.length && operand.type.shape[0] === rows,
        );
      case "softmax":
        if (inner.axis !== -1 && inner.axis !== shape.length - 1) return false;
        softmaxes += 1;
        break;
      case "add":
      case "mul":
      case "sub":
      case "where":
      case "cast":
        break;
      default:
        return false;
    }
    nodes.add(node);
    // What is as large as the scores is part of the region; a bias or a mask that is repeated for them is not.
    const large = operands.filter((operand) => byteCount(operand.type) >= byteCount(node.type) / 2);
    return large.length === 1 && large.every(collect);
  };
  const whole = collect(weights) && softmaxes === 1 && products === 1;
  if (!whole || inputs[1]?.type.shape[0] !== rows) return null;
  const bytes = byteCount({ ...weights.type, dtype: "f32" });
  const blocks = blocksFor(rows, bytes, bytesPerBlock);
  return blocks < 2 ? null : { nodes: [...nodes].reverse().concat(end), axis: 0, rows, blocks };
}
