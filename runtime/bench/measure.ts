import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  buildProgram,
  flopsOfProgram,
  inputsOf,
  optimise,
  type Plan,
  type Program,
  sharedInputs,
  type TracedSpec,
} from "../../compiler/index.ts";
import {
  type Backend,
  type Engine,
  EngineError,
  type FoundOpenable,
  inputsInMemory,
  type Launch,
  type Openable,
  oneProcess,
  openableFor,
  openablePrograms,
  openUnchecked,
  passesOf,
  trainStep,
} from "../backends/index.ts";
import { makeTemporaryFolder } from "../files/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import { drawInputs } from "./inputs.ts";
import { peakBytes } from "./memory.ts";
import { lessMemory, type MeasuredProgram, type Measurement, type Message, type Request } from "./messages.ts";
import { spreadOf } from "./statistics.ts";
import { timeProduct } from "./time-program.ts";

/** Counted runs without a number given: what fits that time, and within these bounds. */
const measuredMs = 30_000;
const fewest = 3;
const most = 200;

/** Rows of the square matrices whose product says what the machine can at best, and how often it is run for a median. */
export const productSize = 2048;
const productRuns = 5;

/** What is measured, opened as training and evaluation open it. */
export interface Measured {
  readonly spec: TracedSpec;
  readonly openable: Openable;
  readonly piecesOf: WeightPieces;
}

/** What a run opens: the programs of a training, or one alone. */
export function measuredOpenable(
  compiled: { readonly spec: TracedSpec; readonly plan: Plan },
  backend: Backend,
  program: MeasuredProgram,
  launch: Launch | null,
): FoundOpenable {
  const started = launch ?? oneProcess;
  if (program === "step") return openableFor("train", compiled, backend, started);
  const built = buildProgram(compiled.spec, program);
  if (built === null) return { runs: "no-step" };
  const programs = [passesOf(backend).optimise(built, compiled.spec)];
  return openablePrograms(programs, compiled, backend, started);
}

/** Floating-point operations of one run, as passes leave it: those of the backend, or those that all share. */
function flopsOf({ program: measured }: Request, { spec, openable }: Measured): number {
  const { batch, microBatch } = spec.settings;
  const programs =
    openable.runs === "programs"
      ? openable.model.programs
      : openable.model.programs.map((program) => optimise(program, spec));
  return programs.reduce(
    (sum, program) => sum + timesOf(program, measured, batch / microBatch) * flopsOfProgram(program),
    0,
  );
}

/** Runs and measures what is asked for, in this process. Gives the last message; `tell` hears of those before. */
export async function measure(
  request: Request,
  measured: Measured,
  tell: (message: Message) => void,
): Promise<Message> {
  const { spec, openable } = measured;
  const folder = makeTemporaryFolder("medctc-measure");
  try {
    const engine = await openUnchecked(openable, measured.piecesOf, folder);
    const measurement = await timed(engine, request, measured, tell).finally(engine.dispose);
    const dtype = request.product ? openable.backend.productType(spec.settings.precision) : null;
    if (dtype === null || openable.runs === "models") return { kind: "measured", measurement };
    tell({ kind: "progress", text: "measuring matrix products" });
    const timesMs = await timeProduct(openable.backend, productSize, dtype, join(folder, "product"), productRuns);
    const productMs = spreadOf(timesMs).medianMs;
    return { kind: "measured", measurement: { ...measurement, productMs } };
  } catch (error) {
    if (error instanceof EngineError) {
      return { kind: "failed", problem: { ...error.problem, help: lessMemory } };
    }
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(
  engine: Engine,
  request: Request,
  measured: Measured,
  tell: (message: Message) => void,
): Promise<Measurement> {
  const loadedBytes = peakBytes(engine.processes?.());
  const run = runOf(engine, request.program, measured.spec);
  let step = 0;
  const next = async (text: string): Promise<number> => {
    tell({ kind: "progress", text });
    // Lets the message go out, and the end of the process that listens come in.
    await setImmediate();
    const start = performance.now();
    await run(step++);
    return performance.now() - start;
  };
  const firstMs = await next("first step");
  let lastMs = firstMs;
  for (let each = 0; each < request.warmup; each++) lastMs = await next(`warm-up ${each + 1} of ${request.warmup}`);
  const steps = request.steps ?? Math.max(fewest, Math.min(most, Math.floor(measuredMs / lastMs)));
  const timesMs: number[] = [];
  for (let each = 0; each < steps; each++) timesMs.push(await next(`step ${each + 1} of ${steps}`));
  const peak = peakBytes(engine.processes?.());
  const flops = flopsOf(request, measured);
  return { device: engine.device, flops, firstMs, timesMs, loadedBytes, peakBytes: peak, productMs: null };
}

/** Runs a program once on drawn inputs, or a training step as training does it. */
function runOf(engine: Engine, program: MeasuredProgram, spec: TracedSpec): (step: number) => Promise<void> {
  const built = buildProgram(spec, program);
  if (built === null) throw new Error("what is measured was looked for before");
  const drawn = drawInputs(inputsOf(built));
  const rows = inputsInMemory(drawn, spec.settings, sharedInputs(spec));
  return async (step) => {
    if (program === "step") {
      await trainStep(engine, spec.settings, rows, step, () => false);
    } else await engine.run(program, new Map([...drawn, ["step", Int32Array.of(step)]]));
  };
}

/** How often a program runs in what is measured, with a batch in so many pieces; the encoders are only loaded. */
function timesOf({ name }: Program, measured: MeasuredProgram, pieces: number): number {
  if (name === measured || name === "compare" || name === "update") return 1;
  return name === "embed" || name === "backpropagate" ? pieces : 0;
}
