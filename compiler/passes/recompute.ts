import {
  type Builder,
  byteCount,
  elementCount,
  memoizeDepthFirst,
  type Node,
  NodeMap,
  neededFor,
  nodesOf,
  type Program,
  rewrite,
} from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";

/**
 * What the backward pass reads of the forward pass has to be kept until then. Values for which `isKept` is false are
 * computed a second time instead, from what is kept, just before they are first read there.
 */
function recompute(program: Program, isKept: (node: Node) => boolean): Program {
  const loss = program.outputs.get("loss");
  if (loss === undefined) return program;
  const forward = new Set(neededFor([loss]));
  const made = new NodeMap<Node>();
  const isRead = (node: Node): boolean => !forward.has(node) || node.inputs.length === 0 || isKept(node);
  let build: Builder | null = null;
  const valueFor = memoizeDepthFirst(
    (node: Node) => (isRead(node) ? [] : node.inputs),
    (node, inputs: readonly Node[]): Node => {
      const first = made.get(node);
      if (first === undefined || build === null) throw new Error("a node stands after its inputs");
      return isRead(node) ? first : build.add(node.operation, ...inputs);
    },
  );
  return rewrite(program, (node, inputs, builder) => {
    build = builder;
    const operands = forward.has(node) ? inputs : node.inputs.map(valueFor);
    const result = builder.copy(node, operands);
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
  const scoreOf = memoizeDepthFirst(({ inputs }: Node) => inputs, decideScore);
  return recompute(program, (node) => !scoreOf(node).isCheap);
}

/** Whether a value is computed again, and whether it is more than a cast of one that is kept. */
interface Score {
  readonly isCheap: boolean;
  readonly isMore: boolean;
}

function decideScore(node: Node, inputs: readonly Score[]): Score {
  const isCheap = decideCheap(node, inputs);
  return { isCheap, isMore: node.operation.op === "cast" ? inputs[0]?.isMore === true : isCheap };
}

function decideCheap({ operation, inputs, type }: Node, scores: readonly Score[]): boolean {
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
      return a !== undefined && (byteCount(type) > byteCount(a.type) || scores[0]?.isCheap === true);
    default:
      return (
        traitsOf(operation).isOfScores &&
        inputs.some((input, at) => input.type.shape.length === type.shape.length && scores[at]?.isMore === true)
      );
  }
}

/**
 * What one operation on elements makes of values that are kept anyway is made again: reading it costs as much as making
 * it, and keeping it costs memory. A value times a number, or in another type, is made of that value in any case.
 */
export function recomputeElements(program: Program): Program {
  const loss = program.outputs.get("loss");
  if (loss === undefined) return program;
  const forward = new Set(neededFor([loss]));
  /** The value of which another is a multiple, or that it says in another type without losing digits. */
  const sourceOf = memoizeDepthFirst(
    (node: Node) => node.inputs.slice(0, isVariant(node) ? 1 : 0),
    (node, [source = node]: readonly Node[]): Node => source,
  );
  const kept = new Set<Node>();
  for (const node of nodesOf(program)) {
    if (!forward.has(node)) for (const input of node.inputs) if (forward.has(input)) kept.add(sourceOf(input));
  }
  const isThere = (node: Node): boolean => node.inputs.length === 0 || kept.has(sourceOf(node));
  const isMade = (node: Node): boolean => {
    const { operation, inputs, type } = node;
    return (
      traitsOf(operation).isCheap &&
      inputs.every((input) => isThere(input) || 8 * byteCount(input.type) <= byteCount(type))
    );
  };
  return recompute(program, (node) => sourceOf(node) === node && !isMade(node));
}

/** Whether a value is a multiple of its first input, or that in another type without losing digits. */
function isVariant({ operation, inputs: [a, b], type }: Node): boolean {
  switch (operation.op) {
    case "neg":
      return true;
    case "mul":
      return b?.operation.op === "constant" && b.type.shape.length === 0;
    case "cast":
      return a !== undefined && byteCount(type) > byteCount(a.type);
    default:
      return false;
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
