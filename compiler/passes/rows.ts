import { byteCount, type Node } from "../ir/types.ts";
import { elementwise } from "../ops/index.ts";
import type { Program } from "../programs/program.ts";
import { blockBytes, blocksFor, cutIntoBlocks, type Region } from "./blocks.ts";
import { consumersOf } from "./consumers.ts";

/**
 * Row by row: where operations that work on each row by itself lead through something wide to a narrow product, as a
 * feed-forward part does, and nothing else reads what is between, they are computed for some rows at a time. Their
 * gradients then are, too.
 */
export function blockRows(program: Program, bytesPerBlock: number = blockBytes): Program {
  const consumers = consumersOf(program);
  // The last first: of regions that overlap, the one that reaches furthest is taken.
  const ends = [...consumers.keys()].sort((a, b) => b.id - a.id);
  return cutIntoBlocks(program, ends, (node) => regionOf(node, consumers, bytesPerBlock));
}

/** The operations that lead to a product with one matrix for all rows and are read by nothing else. */
function regionOf(end: Node, consumers: ReadonlyMap<Node, readonly Node[]>, bytesPerBlock: number): Region | null {
  if (!isProjection(end)) return null;
  const { shape } = end.type;
  const [rows = 1] = shape;
  const region = new Set([end]);
  const waiting = new Set(end.inputs);
  let widest = 0;
  while (waiting.size > 0) {
    // The latest first: all that read it have been looked at before.
    const node = [...waiting].reduce((latest, each) => (each.id > latest.id ? each : latest));
    waiting.delete(node);
    const isOwn = (consumers.get(node) ?? []).every((user) => region.has(user));
    if (!isOwn || node.type.shape.length !== shape.length || node.type.shape[0] !== rows || !isRowWise(node)) continue;
    region.add(node);
    widest = Math.max(widest, byteCount({ ...node.type, dtype: "f32" }));
    for (const input of node.inputs) waiting.add(input);
  }
  const isNarrow = (each: Node): boolean => 2 * byteCount(each.type) <= widest;
  const read = [...region].flatMap(({ inputs }) => inputs.filter((input) => !region.has(input)));
  if (!isNarrow(end) || !read.every((each) => isNarrow(each) || each.type.shape.length < shape.length)) return null;
  const blocks = blocksFor(rows, widest, bytesPerBlock);
  return blocks < 2 ? null : { nodes: [...region].sort((a, b) => a.id - b.id), rows, blocks };
}

/** A product of rows with one matrix for all of them. */
function isProjection({ operation, inputs: [a, b] }: Node): boolean {
  const isOfRows = operation.op === "matmul" && !operation.transposeA && a !== undefined && a.type.shape.length > 2;
  return isOfRows && b?.type.shape.length === 2;
}

/** True when each row of the first axis of a value follows from the same row of what it is made of. */
function isRowWise(node: Node): boolean {
  const { operation, type } = node;
  switch (operation.op) {
    case "matmul":
      return isProjection(node);
    case "sum":
    case "max":
      return operation.keep && operation.axes.every((axis) => axis !== 0 && axis !== -type.shape.length);
    default:
      return elementwise.has(operation.op);
  }
}
