import { allNodesOf, byteCount, type Node, type Program } from "../ir/index.ts";
import { isRowProjection, isRowWise } from "../ops/index.ts";
import { type Consumers, consumersOf } from "./consumers.ts";
import { blockBytes, blocksFor, computeInTiles, type Region } from "./tiles.ts";

/**
 * Row by row: where operations that work on each row by itself lead through something wide to a narrow product, as a
 * feed-forward part does, or to the place of a row's largest number, as the search of a codebook does, and nothing else
 * reads what is between, they are computed for some rows at a time. Their gradients then are, too.
 */
export function tileRows(program: Program, bytesPerBlock: number = blockBytes): Program {
  const consumers = consumersOf(program);
  // The last first: of regions that overlap, the one that reaches furthest is taken.
  const ends = allNodesOf(program).toReversed();
  return computeInTiles(program, ends, (node) => regionOf(node, consumers, bytesPerBlock));
}

/** The operations that lead to a node, work on each row by itself, and are read by nothing else. */
function regionOf(end: Node, consumers: Consumers, bytesPerBlock: number): Region | null {
  const whole = isProjection(end) ? end : searched(end);
  if (whole === undefined) return null;
  const { shape } = whole.type;
  // Axes of size 1, as a batch of one has them, leave nothing to cut.
  const axis = shape.findIndex((size) => size > 1);
  const rows = shape[axis];
  if (rows === undefined || axis >= shape.length - 1) return null;
  const region = new Set([end]);
  const waiting = new Set(end.inputs);
  let widest = 0;
  while (waiting.size > 0) {
    // The latest first: all that read it have been looked at before.
    const node = [...waiting].reduce((latest, each) => (each.id > latest.id ? each : latest));
    waiting.delete(node);
    const isOwn = consumers(node).every((user) => region.has(user));
    if (!isOwn || node.type.shape.length !== shape.length || node.type.shape[axis] !== rows || !isRowWise(node, axis))
      continue;
    region.add(node);
    widest = Math.max(widest, byteCount({ ...node.type, dtype: "f32" }));
    for (const input of node.inputs) waiting.add(input);
  }
  const isNarrow = (each: Node): boolean => 2 * byteCount(each.type) <= widest;
  const read = [...region].flatMap(({ inputs }) => inputs.filter((input) => !region.has(input)));
  // What is read is copied where it is cut. That is worth it for something narrow, or when all that comes of it is.
  const isCheap =
    4 * byteCount(end.type) <= widest || read.every((each) => isNarrow(each) || each.type.shape.length < shape.length);
  if (!isNarrow(end) || !isCheap) return null;
  const blocks = blocksFor(rows, widest, bytesPerBlock);
  return blocks < 2 ? null : { nodes: [...region].sort((a, b) => a.id - b.id), axis, rows, blocks };
}

/** What an argmax looks at, when it looks along the last axis: as many numbers for each row as there are to choose from. */
function searched({ operation, inputs: [input] }: Node): Node | undefined {
  if (operation.op !== "argmax" || input === undefined) return undefined;
  return operation.axis === -1 || operation.axis === input.type.shape.length - 1 ? input : undefined;
}

/** A product of rows with one matrix for all of them. */
function isProjection({ operation, inputs }: Node): boolean {
  return (
    operation.op === "matmul" &&
    isRowProjection(
      operation,
      inputs.map(({ type }) => type),
    )
  );
}
