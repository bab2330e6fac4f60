import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { backendNamed, backends, engineName, isForTraining, type Launch, oneProcess } from "../../backends/index.ts";
import {
  type CalibrationRequest,
  calibrate as calibrateHere,
  type Message,
  measureApart,
  timeDisk,
  timeReading,
  timeSaving,
} from "../../bench/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../../files/index.ts";
import {
  type BackendRates,
  cacheFolder,
  encodeRates,
  isRefusal,
  type MachineRates,
  problemOf,
  ratesOf,
  ratesPath,
  type StorageRates,
  writeRates,
} from "../../machine/index.ts";
import { failed, listWords, ok, type Result } from "../../text/index.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";

export interface CalibrateRequest {
  /** A backend's name, or `auto` for all that are there. */
  readonly backend: string;
  /** How many runs of each program are counted; null for as many as fit some seconds. */
  readonly steps: number | null;
  /** A Python with PyTorch; null for the one that is found. */
  readonly python: string | null;
  /** A file for what is stored, to be carried to another machine; null for none. */
  readonly output: string | null;
  /** The file of this program, which is started once more for each backend. */
  readonly programFile: string;
}

/** What is stored of this machine after a calibration, and where. */
export interface Calibrated extends MachineRates {
  readonly path: string;
  /** The file to be carried; null where none was asked for. */
  readonly output: string | null;
}

/** The backends whose rates say something of a training. */
const calibrated = backends.filter(isForTraining);

/** Threads that are busy on average, of which on fewer nobody would say that something runs. */
const busy = 0.5;

/** Finds what each backend does in a second on this machine, and stores it for what expects times. */
export async function calibrate(asked: CalibrateRequest, reporter: Reporter): Promise<Ended<Calibrated>> {
  const wanted = calibrated.filter(({ name }) => asked.backend === "auto" || name === asked.backend);
  if (wanted.length === 0) {
    const help = `use --backend ${listWords(
      calibrated.map(({ name }) => name),
      "or",
    )}`;
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
    const launch: Launch = { ...oneProcess, by: { kind: "torchrun", python: asked.python, rendezvous: null } };
    const state = backend.inspect(launch);
    if (state.kind === "unavailable") {
      missing = problem(state.reason, `run: ${state.repair}`);
      reporter.note(`${backend.title} is left out: ${state.reason}`);
      continue;
    }
    const request: CalibrationRequest = { kind: "calibration", backend: backend.name, launch, steps: asked.steps };
    const ended = await calibrateApart(request, asked.programFile, reporter);
    if (ended.kind !== "done") return ended;
    found.push(ended.value);
  }
  if (found.length === 0) return refuse(missing, reporter);
  const storage = await storageHere(reporter).finally(reporter.progressEnd);
  if (storage.kind === "failed") return refuse(storage.problem, reporter);
  const stored = attempt(ratesPath(), () => writeRates(found, storage.value));
  if (stored.kind === "failed") return refuse(stored.problem, reporter);
  const { output } = asked;
  if (output !== null) {
    const carried = attempt(output, () => {
      mkdirSync(dirname(output), { recursive: true });
      writeAtomically(output, encodeRates(stored.value));
    });
    if (carried.kind === "failed") return refuse(carried.problem, reporter);
  }
  return done({ path: ratesPath(), output, ...stored.value });
}

/** What the disk that has the cache gives and takes, and what reading a volume takes in a thread of its own, as trainings read. */
async function storageHere(reporter: Reporter): Promise<Result<StorageRates>> {
  // Where a calibration was killed, its folder is still there.
  const folder = join(cacheFolder(), "bench");
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    remove();
    mkdirSync(folder, { recursive: true });
    reporter.progress("reading volumes");
    const voxelsRead = await timeReading(folder);
    reporter.progress("reading and writing files");
    return ok({ voxelsRead, bytesRead: timeDisk(folder), saving: timeSaving(join(folder, "checkpoints")) });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return failed(problemOf(error, folder));
  } finally {
    remove();
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
      case "calibrated": {
        const backend = backendNamed(request.backend);
        const engine = backend === null ? null : engineName(backend);
        return done(ratesOf({ backend: request.backend, engine, ...ended.found }, new Date()));
      }
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
  if (backend === null) throw new Error(`${request.backend} is calibrated`);
  const loaded = backend.load(request.launch);
  if (loaded.kind === "unavailable") {
    return { kind: "failed", problem: { subject: "", message: loaded.reason, help: `run: ${loaded.repair}` } };
  }
  return calibrateHere(request, backend, tell);
}
