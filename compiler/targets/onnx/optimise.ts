import type { Program } from "../../ir/index.ts";
import type { PassName } from "../../names.ts";
import { drawsDropout, hoistLargest, mergeProjections, optimise, type PassContext } from "../../passes/index.ts";

/**
 * ONNX Runtime computes what depends on weights alone when it loads a model, with all that lies between in memory at once:
 * right for a weight that is cut, but not for a network over a grid.
 */
const notForOnnx: readonly PassName[] = ["hoist"];

/** How many blocks there are depends on the batch. */
const blocks: readonly PassName[] = ["tile-attention", "tile-rows"];

export interface OnnxOptions {
  /** Whether adapters are folded into the weights that they stand beside; these are then computed once. */
  readonly merge?: boolean;
  /** Whether the program is one of several that become a model for every batch. */
  readonly forAnyBatch?: boolean;
  /** Whether matrix products are in 16 bits; they are in f32 otherwise, whatever the spec says. */
  readonly half?: boolean;
}

/** Runs the passes that lead to a program for ONNX, with everything that a run needs in one graph. */
export function optimiseForOnnx(
  program: Program,
  context: PassContext,
  { merge = false, forAnyBatch = false, half = false }: OnnxOptions = {},
): Program {
  const inHalf = {
    ...context,
    settings: { ...context.settings, precision: half ? ("bf16" as const) : ("f32" as const) },
  };
  const bare = optimise(program, context, { last: "lower-dropout" });
  // It takes GELU's formula apart for the sake of its gradient.
  const formulas: readonly PassName[] = drawsDropout(program) ? [] : ["collect-factors"];
  const without = new Set<PassName>(["lower-dropout", ...notForOnnx, ...formulas, ...(forAnyBatch ? blocks : [])]);
  const optimised = optimise(merge ? mergeProjections(bare) : bare, inHalf, { without });
  return hoistLargest(optimised, merge ? new Set() : context.trainable);
}
