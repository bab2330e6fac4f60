import type { Dtype, Program } from "../../ir/index.ts";
import type { Work } from "../../ops/index.ts";
import { type BuiltStep, buildValidation, builtStep, type TracedSpec } from "../../programs/index.ts";
import type { Runner } from "../memory/index.ts";
import type { Rates } from "./rates.ts";

/** An optimised program, what it does, and how often it runs in a step. */
export interface TimedProgram {
  readonly program: Program;
  readonly work: readonly Work[];
  readonly runs: number;
}

/**
 * Expects the seconds of one run of a program that does so much, one after the other, each as long as what it multiplies or what it moves,
 * whichever takes longer.
 */
export function expectTime(work: readonly Work[], rates: Rates): number {
  return work.reduce((sum, each) => sum + secondsOf(each, rates), rates.runSeconds);
}

/** The same of all that a step runs. */
export function expectTimeOf(programs: readonly Omit<TimedProgram, "program">[], rates: Rates): number {
  return programs.reduce((sum, { work, runs }) => sum + runs * expectTime(work, rates), 0);
}

/** A program as something runs it. */
export function timedProgram(program: Program, runs: number, { work }: Pick<Runner, "work">): TimedProgram {
  return { program, work: work(program), runs };
}

/**
 * What a spec's training step runs, all micro-batches of it, as passes of what runs it leave its programs; null when there is no step.
 */
export function timedStep(
  spec: TracedSpec,
  runner: Runner,
  step: BuiltStep = builtStep(spec),
): readonly TimedProgram[] | null {
  const { batch, microBatch } = spec.settings;
  const programs = step(runner.optimise);
  return programs?.map((program) => timedProgram(program, runsOf(program, batch / microBatch), runner)) ?? null;
}

/** Expects the seconds of a spec's training step; null when there is none. */
export function expectStepTime(spec: TracedSpec, rates: Rates, runner: Runner, step?: BuiltStep): number | null {
  const programs = timedStep(spec, runner, step);
  return programs === null ? null : expectTimeOf(programs, rates);
}

/**
 * Expects the seconds of one evaluation on so many held-out examples, each of which is encoded once, for the loss and for scores of classes
 * alike; null where the model has no loss.
 */
export function expectValidationTime(spec: TracedSpec, examples: number, rates: Rates, runner: Runner): number | null {
  const validation = buildValidation(spec, examples);
  if (validation === null) return null;
  const { rows, microBatch, programs } = validation;
  const [batches, pieces] = [Math.ceil(examples / rows), Math.ceil(examples / microBatch)];
  return expectTimeOf(
    programs.map((program) =>
      timedProgram(runner.optimise(program, spec), program.name === "validate_embed" ? pieces : batches, runner),
    ),
    rates,
  );
}

/** How often a program runs in a step with a batch in so many pieces. */
function runsOf({ name }: Program, pieces: number): number {
  return name === "embed" || name === "backpropagate" ? pieces : 1;
}

function secondsOf({ product, bytes }: Work, { productFlops, bytes: bandwidth, operationSeconds }: Rates): number {
  // Nothing is done for what is there already.
  if (bytes === 0) return 0;
  const multiplied = product === null ? 0 : product.flops / productRate(productFlops, product.dtype);
  return operationSeconds + Math.max(multiplied, bytes / bandwidth);
}

/** What has no products of bf16 computes them in f32. */
function productRate({ f32, bf16 }: Rates["productFlops"], dtype: Dtype): number {
  return dtype === "bf16" ? (bf16 ?? f32) : f32;
}
