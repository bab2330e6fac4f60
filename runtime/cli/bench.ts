import { createReadStream, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type Compiled, expectMemory, whyNoStep } from "../../compiler/index.ts";
import { report as reportDiagnostic } from "../../grammar/index.ts";
import {
  type Ended,
  logEnvironment,
  type MeasuredProgram,
  measureApart,
  type OperationRun,
  prepareBench,
  profileOf,
  type Request,
  readExecutorLog,
  traceOf,
  type Wanted,
} from "../bench/index.ts";
import { makeTemporaryFolder, writeAtomically } from "../files/index.ts";
import { availableBytes, judgeMemory, MemoryError } from "../memory/index.ts";
import { chooseBackend, inspectPreferred, type WantedBackend } from "../native/index.ts";
import { inspectOnnx } from "../onnx/index.ts";
import { type BenchReport, renderBench, reportOf } from "./bench-report.ts";
import { refuseWriting, show } from "./fail.ts";
import { Progress } from "./progress.ts";
import { compilePath, showDiagnostics } from "./read-spec.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface BenchOptions extends Wanted {
  readonly backend: WantedBackend;
  /** Where the trace of one run goes. */
  readonly profile: string | null;
  readonly json: boolean;
}

/** `medctc bench`: what one run of a program takes, in time and memory, and what the machine could do at best. */
export async function bench(path: string, options: BenchOptions, terminal: Terminal): Promise<ExitCode> {
  const compiled = compilePath(path, terminal.libraryFolder, options.overrides);
  const { spec } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null) return exitCodes.wrong;
  const chosen = chooseBackend(options.backend, inspectPreferred, inspectOnnx);
  if (chosen.kind === "unavailable") {
    terminal.err(`error: ${chosen.reason}\n  help: run: ${chosen.repair}\n`);
    return exitCodes.wrong;
  }
  if (chosen.kind !== "tfjs" && chosen.note !== null) terminal.err(`${chosen.note}\n`);
  const engine = chosen.kind;
  if (options.profile !== null && engine !== "tfjs") {
    terminal.err("error: only TensorFlow's runs can be profiled\n  help: leave out --profile, or use --backend tfjs\n");
    return exitCodes.usage;
  }
  const expected = engine === "tfjs" ? expectedMemory(compiled, options.program, terminal) : "";
  if (expected === null) return exitCodes.wrong;
  const progress = new Progress(terminal);
  const folder = makeTemporaryFolder("medctc-bench");
  try {
    progress.say("building");
    const prepared = await prepareBench(path, spec, engine, options, folder);
    if (prepared === null) {
      const params = { name: options.program, why: whyNoStep(spec) };
      show([reportDiagnostic("no-such-program", path, params)], terminal);
      return exitCodes.wrong;
    }
    const { request, flops } = prepared;
    const log = join(folder, "log");
    progress.say("loading");
    const ended = await runApart(request, {}, log, expected, progress, terminal);
    if (ended.kind !== "measured") return giveUp(ended, terminal);
    const found = { path, options, settings: spec.settings, engine, flops, measurement: ended.measurement };
    let report: BenchReport = reportOf(found, null);
    if (options.profile !== null) {
      progress.say("profiling");
      const ran = await runApart(
        { ...request, steps: 1, warmup: 0, product: null },
        logEnvironment,
        log,
        expected,
        progress,
        terminal,
      );
      if (ran.kind !== "measured") return giveUp(ran, terminal);
      const runs = await readExecutorLog(createInterface({ input: createReadStream(log) }));
      if (!saveTrace(runs, options.profile, terminal)) return exitCodes.wrong;
      report = reportOf(found, { ...profileOf(runs), file: options.profile });
    }
    if (options.json) terminal.json(`${JSON.stringify(report, null, 2)}\n`);
    else terminal.out(renderBench(report));
    return exitCodes.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says what the run is expected to take; null where not even the weights fit, which is said too. */
function expectedMemory({ spec, memory }: Compiled, program: MeasuredProgram, terminal: Terminal): string | null {
  const expected = program !== "step" || spec === null ? null : (memory ?? expectMemory(spec));
  if (expected === null) return "nothing is known of what it needs";
  try {
    const { line, warning } = judgeMemory(expected, availableBytes());
    terminal.err(`${line}\n${warning === null ? "" : `warning: ${warning}\n`}`);
    return line;
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    terminal.err(`error: ${error.message}\n  help: ${error.help}\n`);
    return null;
  }
}

async function runApart(
  request: Request,
  environment: Readonly<Record<string, string>>,
  log: string,
  expected: string,
  progress: Progress,
  terminal: Terminal,
): Promise<Ended> {
  try {
    return await measureApart(request, {
      program: terminal.programFile,
      environment,
      log,
      expected,
      progress: (text) => progress.say(text),
    });
  } finally {
    progress.end();
  }
}

function giveUp(ended: Exclude<Ended, { readonly kind: "measured" }>, terminal: Terminal): ExitCode {
  if (ended.kind === "interrupted") return exitCodes.interrupted;
  terminal.err(`error: ${ended.problem}\n  help: ${ended.help}\n`);
  return exitCodes.wrong;
}

/** True when there was something to save, and it is saved. */
function saveTrace(runs: readonly OperationRun[], path: string, terminal: Terminal): boolean {
  if (runs.length === 0) {
    terminal.err("error: no line of TensorFlow's log could be read\n  help: run without --profile\n");
    return false;
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomically(path, traceOf(runs));
    return true;
  } catch (error) {
    refuseWriting(error, path, terminal);
    return false;
  }
}
