import type { Program } from "../ir/index.ts";
import type { ProgramName } from "../programs/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { collectFactors } from "./collect-factors.ts";
import { eliminateCommonSubexpressions } from "./eliminate-common-subexpressions.ts";
import { hoist, hoistLargest } from "./hoist.ts";
import { joinSliceGradients } from "./join-slice-gradients.ts";
import { removeDropout, sampleDropout } from "./lower-dropout.ts";
import { lowerPrecision } from "./lower-precision.ts";
import { mergeProjections } from "./merge-projections.ts";
import { recomputeElements, recomputeLayers, recomputeScores } from "./recompute.ts";
import { scaleOperands } from "./scale-operands.ts";
import { simplify } from "./simplify.ts";
import { splitProjections } from "./split-projections.ts";
import { tileAttention } from "./tile-attention.ts";
import { tileRows } from "./tile-rows.ts";
import { addGradients, addToSums, addUpdates, clipGradients } from "./train.ts";

/** What passes may know of the spec. */
export interface PassContext {
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

export interface Pass {
  readonly name: string;
  /** The programs that it is for. */
  readonly of: "every program" | readonly ProgramName[];
  readonly run: (program: Program, context: PassContext) => Program;
}

/** Programs in which dropout is drawn, those that have gradients, and those that change what is trained. */
const random: readonly string[] = ["step", "embed", "compare", "backpropagate"];
const differentiated = ["step", "compare", "backpropagate"] as const;
const accumulated = ["compare", "backpropagate"] as const;
const updating = ["step", "update"] as const;

/** What is done to programs, in this order. Each leaves out what nothing needs. */
export const passes: readonly Pass[] = [
  {
    name: "lower-dropout",
    of: "every program",
    run: (program, { settings }) =>
      random.includes(program.name) ? sampleDropout(program, settings.seed) : removeDropout(program),
  },
  // Before gradients are built, so that theirs have the better form too.
  { name: "split-projections", of: "every program", run: splitProjections },
  { name: "scale-operands", of: "every program", run: scaleOperands },
  { name: "collect-factors", of: "every program", run: collectFactors },
  { name: "tile-attention", of: "every program", run: (program) => tileAttention(program) },
  { name: "tile-rows", of: "every program", run: (program) => tileRows(program) },
  { name: "differentiate", of: differentiated, run: (program, { trainable }) => addGradients(program, trainable) },
  { name: "accumulate-gradients", of: accumulated, run: addToSums },
  { name: "clip-gradients", of: updating, run: (program, { settings }) => clipGradients(program, settings.clipNorm) },
  { name: "apply-optimizer", of: updating, run: (program, { settings }) => addUpdates(program, settings) },
  { name: "simplify", of: "every program", run: simplify },
  { name: "collect-factors-again", of: differentiated, run: collectFactors },
  { name: "join-slice-gradients", of: differentiated, run: joinSliceGradients },
  { name: "eliminate-common-subexpressions", of: "every program", run: eliminateCommonSubexpressions },
  {
    name: "lower-precision",
    of: "every program",
    run: (program, { settings }) => (settings.precision === "bf16" ? lowerPrecision(program) : program),
  },
  { name: "eliminate-common-subexpressions-again", of: "every program", run: eliminateCommonSubexpressions },
  // Last, so that frozen weights are rounded to bf16 once and not in every step.
  { name: "hoist", of: "every program", run: (program, { trainable }) => hoist(program, trainable) },
  // After everything that would find that the same is computed twice.
  { name: "recompute-scores", of: differentiated, run: recomputeScores },
  { name: "recompute-elements", of: differentiated, run: recomputeElements },
  {
    name: "recompute-layers",
    of: differentiated,
    run: (program, { settings }) => (settings.recompute === "layers" ? recomputeLayers(program) : program),
  },
];

/** Whether a pass is run on a program. */
export function isFor({ of }: Pass, { name }: Program): boolean {
  return of === "every program" || of.some((each) => each === name);
}

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
  for (const pass of passes) {
    const { name } = pass;
    if (!isFor(pass, program) || options.without?.has(name)) continue;
    current = pass.run(current, context);
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
const blocks: readonly string[] = ["tile-attention", "tile-rows"];

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
  const formulas = random.includes(program.name) ? [] : ["collect-factors"];
  const without = new Set(["lower-dropout", ...notForOnnx, ...formulas, ...(forAnyBatch ? blocks : [])]);
  const optimised = optimise(merge ? mergeProjections(bare) : bare, inHalf, { without });
  return hoistLargest(optimised, merge ? new Set() : context.trainable);
}
