import { rmSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { backendNamed, backends, isForTraining } from "../../backends/index.ts";
import {
  type CalibrationRequest,
  calibrate as calibrateHere,
  type Message,
  measureApart,
  timeReading,
} from "../../bench/index.ts";
import { attempt, makeTemporaryFolder } from "../../files/index.ts";
import {
  type BackendRates,
  isRefusal,
  type MachineRates,
  problemOf,
  ratesOf,
  ratesPath,
  writeRates,
} from "../../machine/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";

export interface CalibrateRequest {
  /** A backend's name, or `auto` for all that are there. */
  readonly backend: string;
  /** How many runs of each program are counted; null for as many as fit some seconds. */
  readonly steps: number | null;
  /** The file of this program, which is started once more for each backend. */
  readonly programFile: string;
}

/** What is stored of this machine after a calibration, and where. */
export interface Calibrated extends MachineRates {
  readonly path: string;
}

/** The backends whose rates say something of a training: those that run a step's programs one by one. */
const calibrated = backends.filter((each) => each.runs === "programs" && isForTraining(each));

/** Threads that are busy on average, of which on fewer nobody would say that something runs. */
const busy = 0.5;

/** Finds what each backend does in a second on this machine, and stores it for what expects times. */
export async function calibrate(asked: CalibrateRequest, reporter: Reporter): Promise<Ended<Calibrated>> {
  const wanted = calibrated.filter(({ name }) => asked.backend === "auto" || name === asked.backend);
  if (wanted.length === 0) {
    const help = `use --backend ${calibrated.map(({ name }) => name).join(" or ")}`;
    return refuse(problem(`there are no rates of ${asked.backend}`, help), reporter);
  }
  const [load = 0] = loadavg();
  if (load > busy) {
    reporter.note(
      `other programs keep ${load.toFixed(1)} of ${availableParallelism()} threads busy: rates will be low, and expected times long; calibrate again when they have ended`,
    );
  }
  const found: BackendRates[] = [];
  let missing = problem("no backend is there", "run: medctc doctor");
  for (const backend of wanted) {
    const state = backend.inspect();
    if (state.kind === "unavailable") {
      missing = problem(state.reason, `run: ${state.repair}`);
      reporter.note(`${backend.title} is left out: ${state.reason}`);
      continue;
    }
    const request: CalibrationRequest = { kind: "calibration", backend: backend.name, steps: asked.steps };
    const ended = await calibrateApart(request, asked.programFile, reporter);
    if (ended.kind !== "done") return ended;
    found.push(ended.value);
  }
  if (found.length === 0) return refuse(missing, reporter);
  reporter.progress("reading volumes");
  const read = await readingHere().finally(reporter.progressEnd);
  if (read.kind === "failed") return refuse(read.problem, reporter);
  const stored = attempt(ratesPath(), () => writeRates({ backends: found, voxelsRead: read.value }));
  if (stored.kind === "failed") return refuse(stored.problem, reporter);
  return done({ path: ratesPath(), ...stored.value });
}

/** In a thread of its own, as trainings read. */
async function readingHere(): Promise<Result<number>> {
  const folder = makeTemporaryFolder("medctc-bench");
  try {
    return ok(await timeReading(folder));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return failed(problemOf(error, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In a process of its own, so that threads of other backends do not wait beside those that are measured. */
async function calibrateApart(
  request: CalibrationRequest,
  program: string,
  reporter: Reporter,
): Promise<Ended<BackendRates>> {
  const folder = makeTemporaryFolder("medctc-bench");
  try {
    const ended = await measureApart(request, {
      ...{ program, log: join(folder, "log"), expected: "about 512 MiB are needed" },
      environment: { TMPDIR: folder },
      progress: reporter.progress,
    }).finally(reporter.progressEnd);
    switch (ended.kind) {
      case "calibrated":
        return done(ratesOf(request.backend, ended.rates, new Date()));
      case "interrupted":
        return { kind: "stopped", signal: "SIGINT" };
      case "failed":
        return refuse(ended.problem, reporter);
      case "measured":
        throw new Error("a calibration was asked for");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Calibrates a backend in this process, which was started for it. */
export async function calibrateBackend(
  request: CalibrationRequest,
  tell: (message: Message) => void,
): Promise<Message> {
  const backend = backendNamed(request.backend);
  if (backend?.runs !== "programs") throw new Error(`${request.backend} is calibrated`);
  const loaded = backend.load();
  if (loaded.kind === "unavailable") {
    return { kind: "failed", problem: { subject: "", message: loaded.reason, help: `run: ${loaded.repair}` } };
  }
  return calibrateHere(request, backend, tell);
}
