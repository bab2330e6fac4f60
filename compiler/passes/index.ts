import type { Program } from "../programs/program.ts";
import type { TrainSettings } from "../settings/train.ts";
import { hoist } from "./hoist.ts";
import { lowerPrecision } from "./precision.ts";
import { share } from "./share.ts";
import { simplify } from "./simplify.ts";

/** What passes may know of the spec. */
export interface PassContext {
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

export interface Pass {
  readonly name: string;
  readonly run: (program: Program, context: PassContext) => Program;
}

/** What is done to every program, in this order. */
export const passes: readonly Pass[] = [
  { name: "simplify", run: simplify },
  { name: "share", run: share },
  {
    name: "precision",
    run: (program, { settings }) => (settings.precision === "bf16" ? lowerPrecision(program) : program),
  },
  { name: "share-again", run: share },
  // Last, so that frozen weights are rounded to bf16 once and not in every step.
  { name: "hoist", run: (program, { trainable }) => hoist(program, trainable) },
];

/** Runs the passes up to and with the one named, or all of them; `after` hears of the program after each. */
export function optimise(
  program: Program,
  context: PassContext,
  options: { readonly last?: string | null; readonly after?: (pass: string, program: Program) => void } = {},
): Program {
  let current = program;
  for (const { name, run } of passes) {
    current = run(current, context);
    options.after?.(name, current);
    if (name === options.last) break;
  }
  return current;
}
