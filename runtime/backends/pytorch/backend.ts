import { availableParallelism } from "node:os";
import { operationWork, pytorchTarget } from "../../../compiler/index.ts";
import type { BackendState, ModelBackend, WrittenSpec } from "../backend.ts";
import { EngineError, inPhase } from "../engine-error.ts";
import { type Launch, oneProcess } from "../launch.ts";
import { openEngine } from "./engine.ts";
import { packageFiles } from "./package-files.ts";
import { type Processes, startTorchrun } from "./processes.ts";
import { findPython } from "./python.ts";
import { FollowedRows } from "./rows.ts";
import { ModelInputs } from "./tensors.ts";
import { Workers } from "./workers.ts";
import { writePackage } from "./write-files.ts";

const title = "PyTorch";

/** That long processes may take to import PyTorch, from a disk on a network too; those of other machines are waited for longer. */
const startMs = 5 * 60_000;
const meetMs = 30 * 60_000;

/** PyTorch, in processes of its own that run the package of a spec under torchrun. */
export const pytorch: ModelBackend = {
  name: "pytorch",
  title,
  runs: "models",
  profiling: null,
  version: () => null,
  inspect: stateFor,
  load: stateFor,
  memory: null,
  optimise: pytorchTarget.optimise,
  work: operationWork,
  productType: () => null,
  write: (spec) => packageFiles(spec),
  open: async (model, piecesOf, folder) => {
    const workers = await startWorkers(model, folder);
    return await openEngine({ backend: pytorch, model, workers, threads: threadsOf(model.launch) }, piecesOf, folder);
  },
  follow: async (model, folder, inputsAt) => {
    const workers = await startWorkers(model, folder);
    const rows = new FollowedRows(inputsAt, new ModelInputs(model.spec));
    workers.serve((request) => rows.answer(request));
    const over = async (): Promise<void> => {
      // What a step stopped for explains what followed from that.
      const failure = await workers.over().then(
        () => null,
        (error: unknown) => error,
      );
      rows.throwProblem();
      if (failure !== null) throw new EngineError(title, "run step", failure);
    };
    return { over, dispose: () => workers.end() };
  },
};

function stateFor(launch: Launch | null = null): BackendState {
  const { by } = launch ?? oneProcess;
  if (by.kind === "attached") return { kind: "ready" };
  const found = findPython(by.python);
  return found.kind === "ready" ? { kind: "ready" } : found;
}

/** Starts the workers of this machine, for the package of a model that is written into a folder. */
function startWorkers({ files, launch }: Pick<WrittenSpec, "files" | "launch">, folder: string): Promise<Workers> {
  const { by } = launch;
  return inPhase(title, "start its processes", async () => {
    if (by.kind === "attached") return await Workers.start({ launch, start: null, patienceMs: meetMs });
    const found = findPython(by.python);
    if (found.kind === "unavailable") throw new EngineError(title, "start its processes", found.reason);
    const { folder: place, module } = writePackage(files, folder);
    const start = (socket: string): Promise<Processes> =>
      startTorchrun(found.python, [...torchrunWords(launch, by.rendezvous), "-m", module], {
        MEDCTC_LINK: socket,
        OMP_NUM_THREADS: String(threadsOf(launch)),
        // Threads that wait by spinning take the processors from those that others wait for, where a machine has other work too:
        // a step was ten times as long there.
        OMP_WAIT_POLICY: process.env["OMP_WAIT_POLICY"] ?? "PASSIVE",
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONPATH: [place, process.env["PYTHONPATH"] ?? ""].filter((each) => each !== "").join(":"),
      });
    return await Workers.start({ launch, start, patienceMs: launch.machines.count === 1 ? startMs : meetMs });
  });
}

function torchrunWords({ processes, machines }: Launch, rendezvous: string | null): readonly string[] {
  const each = ["--nproc-per-node", String(processes)];
  if (rendezvous === null) return [...each, "--standalone"];
  const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(rendezvous) ?? [];
  const where = ["--master-addr", host, "--master-port", port];
  return [...each, "--nnodes", String(machines.count), "--node-rank", String(machines.rank), ...where];
}

/** Processors of this machine for each process. */
function threadsOf({ processes }: Launch): number {
  return Math.max(1, Math.floor(availableParallelism() / processes));
}
