import type { Builder } from "../ir/builder.ts";
import { neededFor } from "../ir/evaluate.ts";
import { byteCount, elementCount, type Node } from "../ir/types.ts";
import { nodesOf, type Program } from "../programs/program.ts";
import { rewrite } from "./rewrite.ts";

/**
 * What the backward pass reads of the forward pass has to be kept until then. Values for which `isKept` is false are
 * computed a second time instead, from what is kept, just before they are first read there.
 */
function recompute(program: Program, isKept: (node: Node) => boolean): Program {
  const loss = program.outputs.get("loss");
  if (loss === undefined) return program;
  const forward = new Set(neededFor([loss]));
  const made = new Map<Node, Node>();
  const again = new Map<Node, Node>();
  const valueFor = (node: Node, build: Builder): Node => {
    const first = made.get(node);
    if (first === undefined) throw new Error("a node stands after its inputs");
    if (!forward.has(node) || node.inputs.length === 0 || isKept(node)) return first;
    const known = again.get(node);
    if (known !== undefined) return known;
    const inputs = node.inputs.map((input) => valueFor(input, build));
    const second = build.add(node.operation, ...inputs);
    again.set(node, second);
    return second;
  };
  return rewrite(program, (node, inputs, build) => {
    const operands = forward.has(node) ? inputs : node.inputs.map((input) => valueFor(input, build));
    const result = build.add(node.operation, ...operands);
    made.set(node, result);
    return result;
  });
}

/**
 * Scores of attention are computed again: a product of two batches that is larger than both its operands together costs
 * little to make and much to keep. So is what follows from it by operations on its elements, until a product makes it
 * small, and what only says a value in another type.
 */
export function recomputeScores(program: Program): Program {
  const cheap = new Map<Node, boolean>();
  const isCheap = (node: Node): boolean => {
    const known = cheap.get(node);
    if (known !== undefined) return known;
    const result = decideCheap(node, isCheap);
    cheap.set(node, result);
    return result;
  };
  return recompute(program, (node) => !isCheap(node));
}

function decideCheap({ operation, inputs, type }: Node, isCheap: (node: Node) => boolean): boolean {
  const [a, b] = inputs;
  switch (operation.op) {
    case "matmul":
      return (
        a !== undefined &&
        b !== undefined &&
        b.type.shape.length > 2 &&
        byteCount(type) > byteCount(a.type) + byteCount(b.type)
      );
    case "cast":
      return a !== undefined && (byteCount(type) > byteCount(a.type) || isCheap(a));
    case "add":
    case "sub":
    case "mul":
    case "where":
    case "softmax":
      return inputs.some((input) => input.type.shape.length === type.shape.length && isScore(input, isCheap));
    default:
      return false;
  }
}

/** A cheap value that is not only a cast of one that is kept. */
function isScore(node: Node, isCheap: (node: Node) => boolean): boolean {
  if (node.operation.op !== "cast") return isCheap(node);
  const [source] = node.inputs;
  return source !== undefined && isScore(source, isCheap);
}

/**
 * What one operation on elements makes of values that are kept anyway is made again: reading it costs as much as making
 * it, and keeping it costs memory. A value times a number, or in another type, is made of that value in any case.
 */
export function recomputeElements(program: Program): Program {
  const loss = program.outputs.get("loss");
  if (loss === undefined) return program;
  const forward = new Set(neededFor([loss]));
  const kept = new Set<Node>();
  for (const node of nodesOf(program)) {
    if (!forward.has(node)) for (const input of node.inputs) if (forward.has(input)) kept.add(sourceOf(input));
  }
  const isThere = (node: Node): boolean => node.inputs.length === 0 || kept.has(sourceOf(node));
  const isMade = (node: Node): boolean => {
    const { operation, inputs, type } = node;
    const isSimple = operation.op === "add" || operation.op === "sub" || operation.op === "mul";
    return isSimple && inputs.every((input) => isThere(input) || 8 * byteCount(input.type) <= byteCount(type));
  };
  return recompute(program, (node) => sourceOf(node) === node && !isMade(node));
}

/** The value of which another is a multiple, or that it says in another type without losing digits. */
function sourceOf(node: Node): Node {
  const { operation, type } = node;
  const [a, b] = node.inputs;
  if (a === undefined) return node;
  switch (operation.op) {
    case "neg":
      return sourceOf(a);
    case "mul":
      return b?.operation.op === "constant" && b.type.shape.length === 0 ? sourceOf(a) : node;
    case "cast":
      return byteCount(type) > byteCount(a.type) ? sourceOf(a) : node;
    default:
      return node;
  }
}

/**
 * Everything inside the layers is computed again, from what flows from layer to layer. Kept are products with a matrix
 * that make less than they read, such as queries of fewer heads: of all values they cost most for the memory they take.
 */
export function recomputeLayers(program: Program): Program {
  const loss = program.outputs.get("loss");
  if (loss === undefined) return program;
  const leaves = new Set<Node>();
  for (const node of neededFor([loss])) {
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
