import { mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { attempt, writeAtomically } from "../../files/index.ts";
import { quoteShell } from "../../text/index.ts";
import { emitJob, type JobSystem, type TrainingJob } from "../../train/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { findSpec } from "../find-spec.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { noChoices, type WeightChoices } from "../weights/open.ts";
import type { TrainRequest } from "./task.ts";

/** How much of a cluster a training gets. */
export interface JobRequest extends Pick<TrainingJob, "nodes" | "processes" | "time" | "partition"> {
  readonly system: JobSystem;
  /** Null for one for each process. */
  readonly gpus: number | null;
  /** Null for eight for each process. */
  readonly cpus: number | null;
  /** The Python of each machine; null for the one that is found there. */
  readonly python: string | null;
}

const processorsForEach = 8;

/** Writes a training as a job for a cluster into the folder of its run, and gives the command that starts it. */
export function writeTrainingJob(request: TrainRequest, job: JobRequest, reporter: Reporter): Ended<string> {
  const wrong = whyWrong(request, job);
  if (wrong !== null) {
    reporter.problem(problem(wrong, null));
    return misused;
  }
  const path = findSpec(request.spec, "train", reporter);
  if (path === null) return refused;
  const compiled = compileReported({ spec: path, set: request.set }, reporter);
  if (compiled === null) return refused;
  const model = compiled.plan.model;
  const output = request.output ?? join("runs", basename(path, ".vlm"));
  const words = wordsOf(request);
  const { system, nodes, processes, gpus, cpus, python, ...rest } = job;
  const { name, content } = emitJob(system, {
    ...rest,
    name: model,
    model,
    spec: [path, ...words.set],
    train: [path, ...Object.values(words).flat(), ...option("--python", python)],
    output,
    nodes,
    processes,
    gpus: gpus ?? processes,
    cpus: cpus ?? processorsForEach * processes,
  });
  const file = join(output, name);
  const written = attempt(file, () => {
    mkdirSync(dirname(file), { recursive: true });
    writeAtomically(file, content);
  });
  if (written.kind === "failed") return refuse(written.problem, reporter);
  return done(`${system === "slurm" ? "sbatch" : "python"} ${quoteShell(file)}`);
}

function whyWrong({ backend }: TrainRequest, { system, python }: JobRequest): string | null {
  if (backend !== "auto" && backend !== "pytorch") return `jobs train on pytorch, not on ${backend}`;
  return python !== null && system === "ray"
    ? "--python is not for ray, whose workers have a Python of their own"
    : null;
}

function choiceWords({ copy, alpha, adapterName }: WeightChoices): readonly string[] {
  return [
    ...option("--weights-copy", copy),
    ...option("--adapter-alpha", alpha),
    ...option("--adapter-name", adapterName),
  ];
}

/** The words of a command line that stand for each part of a request. */
function wordsOf(request: TrainRequest): { readonly [Part in keyof TrainRequest]: readonly string[] } {
  const { set, allowMissing, skipBad, cacheBytes } = request;
  return {
    set: set.flatMap((each) => ["--set", each]),
    data: option("--data", request.data),
    weights: option("--weights", request.weights),
    adapter: option("--adapter", request.adapter),
    choices: choiceWords(request.choices ?? noChoices),
    allowMissing: allowMissing.length === 0 ? [] : ["--allow-missing", ...allowMissing],
    vocab: option("--vocab", request.vocab),
    seed: option("--seed", request.seed),
    skipBad: skipBad ? ["--skip-bad"] : [],
    cache: option("--cache", request.cache),
    cacheBytes: ["--cache-size", cacheBytes === 0 ? "0" : `${cacheBytes / 1e6}MB`],
    workers: option("--workers", request.workers),
    steps: option("--steps", request.steps),
    // The spec comes first; the others are said by the job itself.
    spec: [],
    backend: [],
    launch: [],
    output: [],
    resume: [],
  };
}

function option(name: string, value: string | number | null): readonly string[] {
  return value === null ? [] : [name, String(value)];
}
