import { type Program, verify } from "../ir/index.ts";
import type { ProgramName } from "../programs/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { accumulateGradients } from "./accumulate-gradients.ts";
import { applyOptimizer } from "./apply-optimizer.ts";
import { clipGradients } from "./clip-gradients.ts";
import { collectFactors } from "./collect-factors.ts";
import { differentiate } from "./differentiate.ts";
import { eliminateCommonSubexpressions } from "./eliminate-common-subexpressions.ts";
import { hoist, hoistLargest } from "./hoist.ts";
import { joinSliceGradients } from "./join-slice-gradients.ts";
import { removeDropout, sampleDropout } from "./lower-dropout.ts";
import { lowerPrecision } from "./lower-precision.ts";
import { mergeProjections } from "./merge-projections.ts";
import { type Property, properties } from "./properties.ts";
import { recomputeElements } from "./recompute-elements.ts";
import { recomputeLayers } from "./recompute-layers.ts";
import { recomputeScores } from "./recompute-scores.ts";
import { scaleOperands } from "./scale-operands.ts";
import { simplify } from "./simplify.ts";
import { splitProjections } from "./split-projections.ts";
import { tileAttention } from "./tile-attention.ts";
import { tileRows } from "./tile-rows.ts";

/** What passes may know of the spec. */
export interface PassContext {
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

export interface Pass {
  readonly name: string;
  /** The programs that it is for. */
  readonly of: "every program" | readonly ProgramName[];
  /** What has to be true of a program before the pass, and what is true after it and stays so. */
  readonly requires: readonly Property[];
  readonly ensures: readonly Property[];
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
    requires: [],
    ensures: ["no dropout"],
    run: (program, { settings }) =>
      random.includes(program.name) ? sampleDropout(program, settings.seed) : removeDropout(program),
  },
  // Before gradients are built, so that theirs have the better form too.
  { name: "split-projections", of: "every program", requires: [], ensures: [], run: splitProjections },
  { name: "scale-operands", of: "every program", requires: [], ensures: [], run: scaleOperands },
  { name: "collect-factors", of: "every program", requires: [], ensures: [], run: collectFactors },
  { name: "tile-attention", of: "every program", requires: [], ensures: [], run: (program) => tileAttention(program) },
  { name: "tile-rows", of: "every program", requires: [], ensures: [], run: (program) => tileRows(program) },
  {
    name: "differentiate",
    of: differentiated,
    requires: ["loss", "no dropout"],
    ensures: [],
    run: (program, { trainable }) => differentiate(program, trainable),
  },
  { name: "accumulate-gradients", of: accumulated, requires: ["loss"], ensures: [], run: accumulateGradients },
  {
    name: "clip-gradients",
    of: updating,
    requires: [],
    ensures: [],
    run: (program, { settings }) => clipGradients(program, settings.clipNorm),
  },
  {
    name: "apply-optimizer",
    of: updating,
    requires: [],
    ensures: [],
    run: (program, { settings }) => applyOptimizer(program, settings),
  },
  { name: "simplify", of: "every program", requires: [], ensures: ["no stop_gradient"], run: simplify },
  { name: "collect-factors-again", of: differentiated, requires: [], ensures: [], run: collectFactors },
  { name: "join-slice-gradients", of: differentiated, requires: [], ensures: [], run: joinSliceGradients },
  {
    name: "eliminate-common-subexpressions",
    of: "every program",
    requires: [],
    ensures: [],
    run: eliminateCommonSubexpressions,
  },
  {
    name: "lower-precision",
    of: "every program",
    requires: [],
    ensures: [],
    run: (program, { settings }) => (settings.precision === "bf16" ? lowerPrecision(program) : program),
  },
  {
    name: "eliminate-common-subexpressions-again",
    of: "every program",
    requires: [],
    ensures: [],
    run: eliminateCommonSubexpressions,
  },
  // Last, so that frozen weights are rounded to bf16 once and not in every step.
  {
    name: "hoist",
    of: "every program",
    requires: ["no dropout"],
    ensures: [],
    run: (program, { trainable }) => hoist(program, trainable),
  },
  // After everything that would find that the same is computed twice.
  { name: "recompute-scores", of: differentiated, requires: ["no stop_gradient"], ensures: [], run: recomputeScores },
  {
    name: "recompute-elements",
    of: differentiated,
    requires: ["no stop_gradient"],
    ensures: [],
    run: recomputeElements,
  },
  {
    name: "recompute-layers",
    of: differentiated,
    requires: ["no stop_gradient"],
    ensures: [],
    run: (program, { settings }) => (settings.recompute === "layers" ? recomputeLayers(program) : program),
  },
];

/** Whether a pass is run on a program. */
export function isFor({ of }: Pass, { name }: Program): boolean {
  return of === "every program" || of.some((each) => each === name);
}

/**
 * Runs the passes up to and with the one named, or all of them; `after` hears of the program after each. With `isChecked`, a
 * pass that finds or leaves a program that is not as it has to be is named by an exception.
 */
export function optimise(
  program: Program,
  context: PassContext,
  options: {
    readonly last?: string | null;
    readonly without?: ReadonlySet<string>;
    readonly after?: (pass: string, program: Program) => void;
    readonly isChecked?: boolean;
  } = {},
): Program {
  let current = program;
  const ensured = new Set<Property>();
  for (const pass of passes) {
    const { name } = pass;
    if (!isFor(pass, program) || options.without?.has(name)) continue;
    if (options.isChecked === true) checkProperties(`before ${name}`, current, pass.requires);
    current = pass.run(current, context);
    if (options.isChecked === true) {
      for (const property of pass.ensures) ensured.add(property);
      checkProperties(`after ${name}`, current, [...ensured]);
      const [problem] = verify(current);
      if (problem !== undefined) throw new Error(`after ${name}: ${problem}`);
    }
    options.after?.(name, current);
    if (name === options.last) break;
  }
  return current;
}

function checkProperties(when: string, program: Program, required: readonly Property[]): void {
  const missing = required.find((property) => !properties[property](program));
  if (missing !== undefined) throw new Error(`${when}, the program ${program.name} has not the property ${missing}`);
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
