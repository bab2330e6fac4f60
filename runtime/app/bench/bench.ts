import { createReadStream, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { whyNoStep } from "../../../compiler/index.ts";
import { report as reportDiagnostic } from "../../../grammar/index.ts";
import { type Backend, backends, chooseBackend } from "../../backends/index.ts";
import type { OperationRun } from "../../backends/tensorflow/index.ts";
import {
  type Measurement,
  measureApart,
  measuredOpenable,
  profileOf,
  type Request,
  traceOf,
} from "../../bench/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../../files/index.ts";
import { compileReported, type SpecRequest } from "../compiled-spec.ts";
import { launchProblem } from "../engine/choose.ts";
import { findMemoryRoom } from "../engine/memory-room.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";
import { unwritable } from "../unwritable.ts";
import { noChoices, openWeights } from "../weights/open.ts";
import { type BenchReport, reportOf } from "./report.ts";

export interface BenchRequest
  extends Pick<Request, "program" | "overrides" | "launch" | "weights" | "weightsCopy" | "steps" | "warmup">,
    SpecRequest {
  /** A backend's name, or `auto`. */
  readonly backend: string;
  /** Where the trace of one run goes. */
  readonly profile: string | null;
  /** The file of this program, which is started once more to measure. */
  readonly programFile: string;
}

/** What one run of a program takes, in time and memory, and what the machine could do at best. */
export async function bench(asked: BenchRequest, reporter: Reporter): Promise<Ended<BenchReport>> {
  const { spec: path, overrides, program, launch, weights, weightsCopy, steps, warmup, profile } = asked;
  const compiled = compileReported(asked, reporter, overrides);
  if (compiled === null) return refused;
  const { spec } = compiled;
  const chosen = chooseBackend(asked.backend, backends, (each) => each.inspect(launch));
  if (chosen.kind === "unavailable") return refuse(problem(chosen.reason, `run: ${chosen.repair}`), reporter);
  const { backend, note } = chosen;
  if (launch !== null && backend.runs === "programs") return refuse(launchProblem(backend), reporter);
  if (note !== null) reporter.info(note);
  if (profile !== null && backend.profiling === null) {
    const able = backends.filter(({ profiling }) => profiling !== null).map(({ name }) => name);
    const help = `remove --profile, or use --backend ${able.join(" or ")}`;
    reporter.problem(problem(`${backend.title} cannot be profiled`, help));
    return misused;
  }
  const measured = measuredOpenable(compiled, backend, program, launch);
  if (measured.runs === "no-step") {
    return refuseBy([reportDiagnostic("no-such-program", path, { name: program, why: whyNoStep(spec) })], reporter);
  }
  if (measured.runs === "unwritable") return refuse(unwritable(measured.why, backend.title), reporter);
  const choices = { ...noChoices, copy: weightsCopy };
  const opened = openWeights(measured.model.programs, compiled, { weights, adapter: null, allowMissing: [], choices });
  if (opened.kind === "wrong") return refuseBy(opened.diagnostics, reporter);
  opened.close();
  const room = program === "step" ? findMemoryRoom(spec, backend, reporter) : ({ kind: "unknown" } as const);
  if (room.kind === "too-small") return refused;
  const expected = room.kind === "room" ? room.line : "the expected peak is unknown";
  const folder = makeTemporaryFolder("medctc-bench");
  const log = join(folder, "log");
  const apart = { program: asked.programFile, log, expected, folder };
  try {
    const request: Request = {
      kind: "request",
      ...{ path, overrides: { ...overrides, set: asked.set }, program, launch, weights, weightsCopy, steps, warmup },
      backend: backend.name,
      product: true,
    };
    reporter.progress("loading");
    const ended = await runApart(request, { ...apart, environment: {} }, reporter);
    if (ended.kind !== "done") return ended;
    const found = { path, request, settings: spec.settings, backend, measurement: ended.value };
    if (profile === null || backend.profiling === null) return done(reportOf(found, null));
    reporter.progress("profiling");
    const { environment, read } = backend.profiling;
    const again = { ...request, steps: 1, warmup: 0, product: false };
    const ran = await runApart(again, { ...apart, environment }, reporter);
    if (ran.kind !== "done") return ran;
    const runs = await read(createInterface({ input: createReadStream(log) }));
    if (!saveTrace(runs, profile, backend, reporter)) return refused;
    return done(reportOf(found, { ...profileOf(runs), file: profile }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Apart {
  readonly program: string;
  readonly log: string;
  readonly expected: string;
  /** For what the process writes meanwhile. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function runApart(
  request: Request,
  { program, log, expected, folder, environment }: Apart,
  reporter: Reporter,
): Promise<Ended<Measurement>> {
  const ended = await measureApart(request, {
    ...{ program, log, expected },
    environment: { ...environment, TMPDIR: folder },
    progress: reporter.progress,
  }).finally(reporter.progressEnd);
  switch (ended.kind) {
    case "measured":
      return done(ended.measurement);
    case "interrupted":
      return { kind: "stopped", signal: "SIGINT" };
    case "failed":
      return refuse(ended.problem, reporter);
    case "calibrated":
      throw new Error("a measurement was asked for");
  }
}

/** True when there was something to save, and it is saved. */
function saveTrace(runs: readonly OperationRun[], path: string, { title }: Backend, reporter: Reporter): boolean {
  if (runs.length === 0) {
    reporter.problem(problem(`no line of ${title}'s log could be read`, "run without --profile"));
    return false;
  }
  const saved = attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomically(path, traceOf(runs));
  });
  if (saved.kind === "failed") reporter.problem(saved.problem);
  return saved.kind !== "failed";
}
