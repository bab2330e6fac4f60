import type { Program } from "../programs/program.ts";
import type { TrainSettings } from "../settings/train.ts";
import { blockAttention } from "./attention.ts";
import { removeDropout, sampleDropout } from "./dropout.ts";
import { collectFactors } from "./factors.ts";
import { hoist, hoistLargest } from "./hoist.ts";
import { joinParts } from "./join.ts";
import { mergeProjections } from "./merge.ts";
import { narrowProjections } from "./narrow.ts";
import { lowerPrecision } from "./precision.ts";
import { recomputeElements, recomputeLayers, recomputeScores } from "./recompute.ts";
import { blockRows } from "./rows.ts";
import { scaleOperands } from "./scale.ts";
import { share } from "./share.ts";
import { simplify } from "./simplify.ts";
import { addGradients, addUpdates, clipGradients } from "./train.ts";

/** What passes may know of the spec. */
export interface PassContext {
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

export interface Pass {
  readonly name: string;
  /** The training step alone has gradients and updates. */
  readonly of: "step" | "every program";
  readonly run: (program: Program, context: PassContext) => Program;
}

/** What is done to programs, in this order. Each leaves out what nothing needs. */
export const passes: readonly Pass[] = [
  {
    name: "dropout",
    of: "every program",
    run: (program, { settings }) =>
      program.name === "step" ? sampleDropout(program, settings.seed) : removeDropout(program),
  },
  // Before gradients are built, so that theirs have the better form too.
  { name: "narrow", of: "every program", run: narrowProjections },
  { name: "scale", of: "every program", run: scaleOperands },
  { name: "factors", of: "every program", run: collectFactors },
  { name: "attention", of: "every program", run: (program) => blockAttention(program) },
  { name: "rows", of: "every program", run: (program) => blockRows(program) },
  { name: "differentiate", of: "step", run: (program, { trainable }) => addGradients(program, trainable) },
  { name: "clip", of: "step", run: (program, { settings }) => clipGradients(program, settings.clipNorm) },
  { name: "optimizer", of: "step", run: (program, { settings }) => addUpdates(program, settings) },
  { name: "simplify", of: "every program", run: simplify },
  { name: "factors-again", of: "step", run: collectFactors },
  { name: "join", of: "step", run: joinParts },
  { name: "share", of: "every program", run: share },
  {
    name: "precision",
    of: "every program",
    run: (program, { settings }) => (settings.precision === "bf16" ? lowerPrecision(program) : program),
  },
  { name: "share-again", of: "every program", run: share },
  // Last, so that frozen weights are rounded to bf16 once and not in every step.
  { name: "hoist", of: "every program", run: (program, { trainable }) => hoist(program, trainable) },
  // After everything that would find that the same is computed twice.
  { name: "recompute-scores", of: "step", run: recomputeScores },
  { name: "recompute-elements", of: "step", run: recomputeElements },
  {
    name: "recompute-layers",
    of: "step",
    run: (program, { settings }) => (settings.checkpoint === "layers" ? recomputeLayers(program) : program),
  },
];

/** Runs the passes up to and with the one named, or all of them; `after` hears of the program after each. */
export function optimise(
  program: Program,
  context: PassContext,
  options: {
    readonly last?: string | null;
    readonly without?: ReadonlySet<string>;
    readonly after?: (pass: string, program: Program) => void;
  } = {},
): Program {
  let current = program;
  for (const { name, of, run } of passes) {
    if ((of === "step" && program.name !== "step") || options.without?.has(name)) continue;
    current = run(current, context);
    options.after?.(name, current);
    if (name === options.last) break;
  }
  return current;
}

/**
 * ONNX Runtime computes what depends on weights alone when it loads a model, with all that lies between in memory at once:
 * right for a weight that is cut, but not for a network over a grid.
 */
const notForOnnx: readonly string[] = ["hoist"];

/** How many blocks there are depends on the batch. */
const blocks: readonly string[] = ["attention", "rows"];

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
  const bare = optimise(program, context, { last: "dropout" });
  // It takes GELU's formula apart for the sake of its gradient.
  const formulas = program.name === "step" ? [] : ["factors"];
  const without = new Set(["dropout", ...notForOnnx, ...formulas, ...(forAnyBatch ? blocks : [])]);
  const optimised = optimise(merge ? mergeProjections(bare) : bare, inHalf, { without });
  return hoistLargest(optimised, merge ? new Set() : context.trainable);
}
