import { createReadStream, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { whyNoStep } from "../../compiler/index.ts";
import { report as reportDiagnostic } from "../../grammar/index.ts";
import { type Backend, backends, chooseBackend } from "../backends/index.ts";
import type { OperationRun } from "../backends/tensorflow/index.ts";
import { type Ended, measureApart, measuredPrograms, profileOf, type Request, traceOf } from "../bench/index.ts";
import { makeTemporaryFolder, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { type BenchReport, renderBench, reportOf } from "./bench-report.ts";
import { fail, refuse, refuseWriting } from "./fail.ts";
import { showMemoryRoom } from "./memory-room.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { openWeights } from "./weight-sources.ts";

export interface BenchOptions extends Pick<Request, "program" | "overrides" | "weights" | "steps" | "warmup"> {
  /** A backend's name, or `auto`. */
  readonly backend: string;
  /** Where the trace of one run goes. */
  readonly profile: string | null;
  readonly json: boolean;
}

/** `medctc bench`: what one run of a program takes, in time and memory, and what the machine could do at best. */
export async function bench(path: string, options: BenchOptions, terminal: Terminal): Promise<ExitCode> {
  const { overrides, program, weights, steps, warmup } = options;
  const compiled = compilePath(path, terminal.libraryFolder, overrides);
  const { spec } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null) return exitCodes.wrong;
  const chosen = chooseBackend({ wanted: options.backend, trains: false }, (each) => each.inspect());
  if (chosen.kind === "unavailable") return fail(chosen.reason, `run: ${chosen.repair}`, terminal);
  const { backend, note } = chosen;
  if (note !== null) terminal.err(`${note}\n`);
  if (options.profile !== null && backend.profiling === null) {
    const able = backends.filter(({ profiling }) => profiling !== null);
    fail(
      `${backend.title} cannot be profiled`,
      `leave out --profile, or use --backend ${able.map(({ name }) => name).join(" or ")}`,
      terminal,
    );
    return exitCodes.usage;
  }
  const programs = measuredPrograms(spec, backend, program);
  if (programs === null) {
    const params = { name: program, why: whyNoStep(spec) };
    return refuse([reportDiagnostic("no-such-program", path, params)], terminal);
  }
  const opened = openWeights(programs, compiled, { weights, adapter: null, allowMissing: [] });
  if (opened.kind === "wrong") return refuse(opened.diagnostics, terminal);
  opened.close();
  const room = program === "step" ? showMemoryRoom(spec, backend, terminal) : ({ kind: "unknown" } as const);
  if (room.kind === "too-small") return exitCodes.wrong;
  const expected = room.kind === "room" ? room.line : "nothing is known of what it needs";
  const progress = new Progress(terminal);
  const folder = makeTemporaryFolder("medctc-bench");
  try {
    const request: Request = {
      kind: "request",
      ...{ path, overrides, program, weights, steps, warmup },
      backend: backend.name,
      product: true,
    };
    const log = join(folder, "log");
    const run = (asked: Request, environment: Readonly<Record<string, string>>): Promise<Ended> =>
      runApart(asked, { ...environment, TMPDIR: folder }, log, expected, progress, terminal);
    progress.say("loading");
    const ended = await run(request, {});
    if (ended.kind !== "measured") return giveUp(ended, terminal);
    const found = { path, options, settings: spec.settings, backend, measurement: ended.measurement };
    let report: BenchReport = reportOf(found, null);
    if (options.profile !== null && backend.profiling !== null) {
      progress.say("profiling");
      const { environment, read } = backend.profiling;
      const ran = await run({ ...request, steps: 1, warmup: 0, product: false }, environment);
      if (ran.kind !== "measured") return giveUp(ran, terminal);
      const runs = await read(createInterface({ input: createReadStream(log) }));
      if (!saveTrace(runs, options.profile, backend, terminal)) return exitCodes.wrong;
      report = reportOf(found, { ...profileOf(runs), file: options.profile });
    }
    if (options.json) terminal.json(`${JSON.stringify(report, null, 2)}\n`);
    else terminal.out(renderBench(report));
    return exitCodes.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
function saveTrace(runs: readonly OperationRun[], path: string, { title }: Backend, terminal: Terminal): boolean {
  if (runs.length === 0) {
    fail(`no line of ${title}'s log could be read`, "run without --profile", terminal);
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
