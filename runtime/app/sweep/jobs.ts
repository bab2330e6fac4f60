import { mkdirSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { attempt } from "../../files/index.ts";
import {
  type EmittedJob,
  emitJobs,
  entryFolder,
  type Manifest,
  runFolder,
  runLog,
  specName,
  writeChanged,
} from "../../sweep/index.ts";
import type { JobSystem } from "../../train/index.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";
import type { SweepSources } from "./sources.ts";

/** Jobs that were written for a cluster. */
export interface WrittenJobs {
  readonly count: number;
  readonly folder: string;
  /** The command that starts them. */
  readonly start: string;
}

/** Writes a sweep's runs as jobs for a cluster, with paths from the sweep's folder, so that it can be copied there. */
export function writeJobs(
  system: JobSystem,
  root: string,
  manifest: Manifest,
  { sweep: read, entries, dataOf, weights, adapter, vocab }: SweepSources,
  backend: string,
  reporter: Reporter,
): Ended<WrittenJobs> {
  // What was written as absolute is meant so on all machines; all else keeps its place beside the folder.
  const fromRoot = (path: string, written: string | null): string => {
    const isFixed = written !== null && isAbsolute(written);
    return isFixed ? path : relative(resolve(root), resolve(path)).split(sep).join("/");
  };
  const folders = [...new Set(entries.map(dataOf))];
  const [data] = folders;
  if (data === undefined || folders.length > 1) {
    const message = "jobs need one data set, but entries differ in `data.folder`";
    return refuse(problem(message, "write a sweep for each"), reporter);
  }
  const jobs = manifest.entries.flatMap(({ name, seeds }) =>
    seeds.map(
      (seed): EmittedJob => ({
        name,
        seed,
        spec: `${entryFolder(".", name)}/${specName}`.split(sep).join("/"),
        output: runFolder(".", name, seed).split(sep).join("/"),
        log: runLog(".", name, seed).split(sep).join("/"),
      }),
    ),
  );
  const files = emitJobs(system, jobs, {
    data: fromRoot(data, read.data),
    weights: weights === null ? null : fromRoot(weights, read.weights),
    adapter: adapter === null ? null : fromRoot(adapter, read.adapter),
    vocab: vocab === null ? null : fromRoot(vocab, read.vocab),
    allowMissing: read.allowMissing,
    skipBad: read.skipBad,
    backend,
  });
  const folder = join(root, "jobs");
  const written = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeChanged(join(folder, name), content);
  });
  if (written.kind === "failed") return refuse(written.problem, reporter);
  const start = system === "slurm" ? `cd ${root} && sbatch jobs/array.sh` : `python ${join(folder, "ray_sweep.py")}`;
  return done({ count: jobs.length, folder, start });
}
