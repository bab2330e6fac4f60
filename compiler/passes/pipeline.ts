import { type Program, verify } from "../ir/index.ts";
import { type PassName, type ProgramName, passNames } from "../names.ts";
import type { ParameterRule } from "../select/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { accumulateGradients } from "./accumulate-gradients.ts";
import { applyOptimizer } from "./apply-optimizer.ts";
import { clipGradients } from "./clip-gradients.ts";
import { collectFactors } from "./collect-factors.ts";
import { differentiate } from "./differentiate.ts";
import { eliminateCommonSubexpressions } from "./eliminate-common-subexpressions.ts";
import { hoist } from "./hoist.ts";
import { joinSliceGradients } from "./join-slice-gradients.ts";
import { removeDropout, sampleDropout } from "./lower-draws.ts";
import { lowerPrecision } from "./lower-precision.ts";
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
  /** How the optimizer moves the parameters that groups name, by their paths. */
  readonly rules: ReadonlyMap<string, ParameterRule>;
  /** Matrix products that stay in f32 whatever the precision is, by their places among those that are lowered. */
  readonly inSingle?: ReadonlySet<number>;
}

export interface Pass {
  readonly name: PassName;
  /** The programs that it is for. */
  readonly of: "every program" | readonly ProgramName[];
  /** What has to be true of a program before the pass, and what is true after it and stays so. */
  readonly requires: readonly Property[];
  readonly ensures: readonly Property[];
  readonly run: (program: Program, context: PassContext) => Program;
}

/** Programs in which dropout is drawn and all else that is, those that have gradients, and those that change what is trained. */
const drawing: readonly ProgramName[] = ["step", "embed", "compare", "backpropagate"];
const differentiated = ["step", "compare", "backpropagate"] as const;
const accumulated = ["compare", "backpropagate"] as const;
const updating = ["step", "update"] as const;

/** What is done to programs, in the order of `passNames`. Each pass leaves out what nothing needs. */
const byName: Readonly<Record<PassName, Omit<Pass, "name">>> = {
  "lower-draws": {
    of: "every program",
    requires: [],
    ensures: ["no dropout"],
    run: (program, { settings }) =>
      drawsDropout(program) ? sampleDropout(program, settings.seed) : removeDropout(program),
  },
  // Before gradients are built, so that theirs have the better form too.
  "split-projections": { of: "every program", requires: [], ensures: [], run: splitProjections },
  "scale-operands": { of: "every program", requires: [], ensures: [], run: scaleOperands },
  "collect-factors": { of: "every program", requires: [], ensures: [], run: collectFactors },
  "tile-attention": { of: "every program", requires: [], ensures: [], run: (program) => tileAttention(program) },
  "tile-rows": { of: "every program", requires: [], ensures: [], run: (program) => tileRows(program) },
  differentiate: {
    of: differentiated,
    requires: ["loss", "no dropout"],
    ensures: [],
    run: (program, { trainable }) => differentiate(program, trainable),
  },
  "accumulate-gradients": { of: accumulated, requires: ["loss"], ensures: [], run: accumulateGradients },
  "clip-gradients": {
    of: updating,
    requires: [],
    ensures: [],
    run: (program, { settings, rules }) => clipGradients(program, settings, rules),
  },
  "apply-optimizer": {
    of: updating,
    requires: [],
    ensures: [],
    run: (program, { settings, rules }) => applyOptimizer(program, settings, rules),
  },
  simplify: { of: "every program", requires: [], ensures: ["no stop_gradient"], run: simplify },
  "collect-factors-again": { of: differentiated, requires: [], ensures: [], run: collectFactors },
  "join-slice-gradients": { of: differentiated, requires: [], ensures: [], run: joinSliceGradients },
  "eliminate-common-subexpressions": {
    of: "every program",
    requires: [],
    ensures: [],
    run: eliminateCommonSubexpressions,
  },
  "lower-precision": {
    of: "every program",
    requires: [],
    ensures: [],
    run: (program, { settings, inSingle }) =>
      settings.precision === "bf16" ? lowerPrecision(program, inSingle) : program,
  },
  "eliminate-common-subexpressions-again": {
    of: "every program",
    requires: [],
    ensures: [],
    run: eliminateCommonSubexpressions,
  },
  // Last, so that frozen weights are rounded to bf16 once and not in every step.
  hoist: {
    of: "every program",
    requires: ["no dropout"],
    ensures: [],
    run: (program, { trainable }) => hoist(program, trainable),
  },
  // After everything that would find that the same is computed twice.
  "recompute-scores": { of: differentiated, requires: ["no stop_gradient"], ensures: [], run: recomputeScores },
  "recompute-elements": {
    of: differentiated,
    requires: ["no stop_gradient"],
    ensures: [],
    run: recomputeElements,
  },
  "recompute-layers": {
    of: differentiated,
    requires: ["no stop_gradient"],
    ensures: [],
    run: (program, { settings: { recompute } }) =>
      recompute === "none" ? program : recomputeLayers(program, recompute === "layers" ? null : recompute),
  },
};

export const passes: readonly Pass[] = passNames.map((name) => ({ name, ...byName[name] }));

/** Whether dropout is drawn in a program, and all else that is; where it is not, it gives its input, and other draws zeros. */
export function drawsDropout({ name }: Program): boolean {
  return drawing.some((each) => each === name);
}

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
