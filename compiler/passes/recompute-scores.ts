import { byteCount, memoizeDepthFirst, type Node, type Program } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { recompute } from "./recompute.ts";

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
