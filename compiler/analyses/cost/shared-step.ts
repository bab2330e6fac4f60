import { byteCount } from "../../ir/index.ts";
import { buildStep, buildStepPart, microBatchPrograms, type TracedSpec } from "../../programs/index.ts";
import { gatheredRowBytes } from "../../targets/pytorch/index.ts";
import { memoryOf, pytorchMemory, type Runner } from "../memory/index.ts";
import type { ExchangeRates } from "./rates.ts";
import { type TimedProgram, timedProgram } from "./time.ts";

/** A training step of one of several processes that share its batch: of the one with the most rows. */
export interface SharedStep {
  readonly processes: number;
  /** Rows of the batch that it has itself; all of them where the model's rows cannot be embedded by themselves. */
  readonly rows: number;
  readonly programs: readonly [TimedProgram, ...TimedProgram[]];
  /** Bytes that all processes sum: gradients, and for each parameter how many processes have one. */
  readonly sumBytes: number;
  /** Bytes of the rows of all processes, which each has afterwards. */
  readonly gatherBytes: number;
  /** How often processes wait for each other, for these bytes or for a few. */
  readonly exchanges: number;
}

/** Process 0 tells the others the length of a command and the command; they agree to go on, gather, and sum. */
const exchangesOfStep = 5;

/**
 * What one of several processes of PyTorch does in a spec's training step, as `step.py` shares it out: it embeds its own rows, everyone
 * compares those of all, and it continues to the parameters. Null where there is no step.
 */
export function shareStep(spec: TracedSpec, processes: number, runner: Runner): SharedStep | null {
  const { batch, microBatch } = spec.settings;
  const whole = buildStep(spec);
  if (whole === null) return null;
  const most = Math.ceil(batch / processes);
  const piece = Math.min(most, microBatch);
  const parts = most === batch ? null : partsOf(spec, piece);
  const trained = spec.parameters.filter(({ path }) => spec.trainable.has(path));
  const pieces = most / piece;
  const runs = (name: string): number => {
    if (name === "backpropagate") return pieces;
    // What is embedded in one piece is continued from; several are embedded once more each.
    if (name === "embed") return pieces > 1 ? pieces : 0;
    return 1;
  };
  const [first, ...others] = (parts ?? [whole])
    .map((program) => ({ program, runs: parts === null ? 1 : runs(program.name) }))
    .filter((each) => each.runs > 0)
    .map((each) => timedProgram(runner.optimise(each.program, spec), each.runs, runner));
  if (first === undefined) return null;
  return {
    processes,
    rows: parts === null ? batch : most,
    programs: [first, ...others],
    sumBytes: trained.reduce((sum, { type }) => sum + byteCount(type) + 4, 0),
    gatherBytes: processes * most * gatheredRowBytes(spec),
    exchanges: exchangesOfStep + (most > microBatch ? 1 : 0),
  };
}

/** The programs of a step with so many rows in a piece; null for a model that cannot be cut. */
function partsOf(spec: TracedSpec, rows: number) {
  const programs = microBatchPrograms.map((name) => buildStepPart(spec, name, rows));
  const built = programs.flatMap((program) => (typeof program === "string" ? [] : [program]));
  return built.length < programs.length ? null : built;
}

/**
 * Expects the seconds that the exchanges of a step take, by what two processes were measured to exchange: the more there are, the more
 * often each hands on its part of the bytes, as in a ring.
 */
export function expectExchangeTime(
  { processes, sumBytes, gatherBytes, exchanges }: Omit<SharedStep, "rows" | "programs">,
  rates: ExchangeRates,
): number {
  const hops = processes - 1;
  const moved = (2 * hops) / processes;
  return (
    exchanges * hops * rates.latencySeconds + moved * (sumBytes / rates.sumBytes + gatherBytes / rates.gatherBytes)
  );
}

/** Expects the most memory of such a process: what one alone would take for its rows, and what it hands to others with what it gets. */
export function expectProcessBytes({ programs, sumBytes, gatherBytes }: SharedStep): number {
  const [first, ...others] = programs;
  const memory = memoryOf([first.program, ...others.map(({ program }) => program)], pytorchMemory);
  return memory.peakBytes + sumBytes + 2 * gatherBytes;
}
