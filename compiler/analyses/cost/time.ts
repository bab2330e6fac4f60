import { type Dtype, type Node, nodesOf, type Program } from "../../ir/index.ts";
import { workOf } from "../../ops/index.ts";
import { type BuiltStep, buildValidation, builtStep, type TracedSpec } from "../../programs/index.ts";
import type { MemoryModel } from "../memory/index.ts";
import type { Rates } from "./rates.ts";

/** An optimised program, and how often it runs in a step. */
export interface TimedProgram {
  readonly program: Program;
  readonly runs: number;
}

/**
 * Expects the seconds of one run of an optimised program whose operations run one after the other, each of them as long as
 * what it multiplies or what it moves, whichever takes longer.
 */
export function expectTime(program: Program, rates: Rates): number {
  return nodesOf(program).reduce((sum, node) => sum + secondsOf(node, rates), rates.runSeconds);
}

/** The same of all that a step runs. */
export function expectTimeOf(programs: readonly TimedProgram[], rates: Rates): number {
  return programs.reduce((sum, { program, runs }) => sum + runs * expectTime(program, rates), 0);
}

/**
 * What a spec's training step runs, all micro-batches of it, as passes of what runs it leave its programs; null when there is no step.
 */
export function timedStep(
  spec: TracedSpec,
  { optimise }: Pick<MemoryModel, "optimise">,
  step: BuiltStep = builtStep(spec),
): readonly TimedProgram[] | null {
  const { batch, microBatch } = spec.settings;
  return step(optimise)?.map((program) => ({ program, runs: runsOf(program, batch / microBatch) })) ?? null;
}

/** Expects the seconds of a spec's training step; null when there is none. */
export function expectStepTime(
  spec: TracedSpec,
  rates: Rates,
  model: Pick<MemoryModel, "optimise">,
  step?: BuiltStep,
): number | null {
  const programs = timedStep(spec, model, step);
  return programs === null ? null : expectTimeOf(programs, rates);
}

/**
 * Expects the seconds of one evaluation on so many held-out examples, each of which is encoded once, for the loss and for scores of classes
 * alike; null where the model has no loss.
 */
export function expectValidationTime(
  spec: TracedSpec,
  examples: number,
  rates: Rates,
  { optimise }: Pick<MemoryModel, "optimise">,
): number | null {
  const validation = buildValidation(spec, examples);
  if (validation === null) return null;
  const { rows, microBatch, programs } = validation;
  const [batches, pieces] = [Math.ceil(examples / rows), Math.ceil(examples / microBatch)];
  return expectTimeOf(
    programs.map((program) => ({
      program: optimise(program, spec),
      runs: program.name === "validate_embed" ? pieces : batches,
    })),
    rates,
  );
}

/** How often a program runs in a step with a batch in so many pieces. */
function runsOf({ name }: Program, pieces: number): number {
  return name === "embed" || name === "backpropagate" ? pieces : 1;
}

function secondsOf(node: Node, { productFlops, bytes: bandwidth, operationSeconds }: Rates): number {
  const { isProduct, flops, bytes } = workOf(node);
  // Nothing is done for what is there already.
  if (bytes === 0) return 0;
  const dtype = node.inputs[0]?.type.dtype ?? node.type.dtype;
  const multiplied = isProduct ? flops / productRate(productFlops, dtype) : 0;
  return operationSeconds + Math.max(multiplied, bytes / bandwidth);
}

/** What has no products of bf16 computes them in f32. */
function productRate({ f32, bf16 }: Rates["productFlops"], dtype: Dtype): number {
  return dtype === "bf16" ? (bf16 ?? f32) : f32;
}
