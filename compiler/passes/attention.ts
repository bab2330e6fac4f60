import type { Builder } from "../ir/builder.ts";
import { byteCount, type Node } from "../ir/types.ts";
import type { Program } from "../programs/program.ts";
import { consumersOf } from "./consumers.ts";
import { rewrite } from "./rewrite.ts";

/** Scores of one block take at most about that many bytes, so that they stay in a processor's cache. */
const blockBytes = 24 * 1024 * 1024;

/**
 * Attention in blocks: where a product of two batches of matrices passes through a softmax into another such product, the
 * scores are computed for some rows of the batch at a time. They are by far the largest values of a transformer, and
 * nothing but these few operations ever reads them.
 */
export function blockAttention(program: Program, bytesPerBlock: number = blockBytes): Program {
  const consumers = consumersOf(program);
  const regions = new Map<Node, Region>();
  const inRegion = new Set<Node>();
  for (const node of consumers.keys()) {
    const region = regionOf(node, consumers, bytesPerBlock);
    if (region === null || region.nodes.some((each) => inRegion.has(each))) continue;
    regions.set(node, region);
    for (const each of region.nodes) inRegion.add(each);
  }
  if (regions.size === 0) return program;
  const made = new Map<Node, Node>();
  return rewrite(program, (node, inputs, build) => {
    const region = regions.get(node);
    const result = region === undefined ? build.add(node.operation, ...inputs) : inBlocks(region, made, build);
    made.set(node, result);
    return result;
  });
}

/** The operations from scores to what is made of the values, each after its inputs. */
interface Region {
  readonly nodes: readonly Node[];
  readonly rows: number;
  readonly blocks: number;
}

/** The attention that ends in a node, when there is one that is worth cutting. */
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
  const rowsPerBlock = Math.max(1, Math.floor((bytesPerBlock * rows) / bytes));
  const blocks = Math.ceil(rows / rowsPerBlock);
  return blocks < 2 ? null : { nodes: [...nodes].reverse().concat(end), rows, blocks };
}

function inBlocks({ nodes, rows, blocks }: Region, made: ReadonlyMap<Node, Node>, build: Builder): Node {
  const step = Math.ceil(rows / blocks);
  const parts: Node[] = [];
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    const cut = new Map<Node, Node>();
    let last: Node | null = null;
    for (const node of nodes) {
      const inputs = node.inputs.map((input) => cut.get(input) ?? rowsOf(input, node, made, from, to, rows, build));
      last = build.add(node.operation, ...inputs);
      cut.set(node, last);
    }
    if (last !== null) parts.push(last);
  }
  return build.add({ op: "concat", axis: 0 }, ...parts);
}

/** Some rows of what a region reads; what has one row for all, or no axis for them, is read as it is. */
function rowsOf(
  input: Node,
  user: Node,
  made: ReadonlyMap<Node, Node>,
  from: number,
  to: number,
  rows: number,
  build: Builder,
): Node {
  const value = made.get(input);
  if (value === undefined) throw new Error("a node stands after its inputs");
  const { shape } = value.type;
  const hasRows = shape.length === user.type.shape.length && shape[0] === rows;
  return hasRows ? build.add({ op: "slice", axis: 0, from, to }, value) : value;
}
