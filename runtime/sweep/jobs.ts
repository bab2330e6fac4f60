import { quotePython, quoteShell } from "../text/index.ts";
import type { JobSystem } from "../train/index.ts";

/** A run as a job on another machine; paths are from the sweep's folder. */
export interface EmittedJob {
  readonly name: string;
  readonly seed: number;
  readonly spec: string;
  readonly output: string;
  readonly log: string;
}

/** What all jobs of a sweep are started with; paths are from the sweep's folder, or absolute. */
export interface EmittedOptions {
  readonly data: string;
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly vocab: string | null;
  readonly allowMissing: readonly string[];
  readonly skipBad: boolean;
  readonly backend: string;
}

/** The files of `jobs/` by their names. */
export function emitJobs(
  system: JobSystem,
  jobs: readonly EmittedJob[],
  options: EmittedOptions,
): ReadonlyMap<string, string> {
  const script = system === "slurm" ? slurmScript(jobs.length, options) : rayScript(options);
  return new Map([
    ["runs.tsv", runsTable(jobs)],
    [system === "slurm" ? "array.sh" : "ray_sweep.py", script],
  ]);
}

/** A line for each run, without a header, so that line and index agree. Names have no blanks. */
function runsTable(jobs: readonly EmittedJob[]): string {
  return jobs.map(({ name, seed, spec, output, log }) => `${[name, seed, spec, output, log].join("\t")}\n`).join("");
}

/** Paths that differ from machine to machine, by the variables that replace them. */
function placesOf({ data, weights, adapter, vocab }: EmittedOptions) {
  return [
    { variable: "MEDCTC_DATA", option: "--data", path: data },
    { variable: "MEDCTC_WEIGHTS", option: "--weights", path: weights },
    { variable: "MEDCTC_ADAPTER", option: "--adapter", path: adapter },
    { variable: "MEDCTC_VOCAB", option: "--vocab", path: vocab },
  ].flatMap(({ path, ...rest }) => (path === null ? [] : [{ path, ...rest }]));
}

/** Options that are the same on all machines. */
function fixedWords({ allowMissing, skipBad, backend }: EmittedOptions): readonly string[] {
  const missing = allowMissing.length === 0 ? [] : ["--allow-missing", ...allowMissing];
  return [...missing, ...(skipBad ? ["--skip-bad"] : []), "--backend", backend];
}

function slurmScript(count: number, options: EmittedOptions): string {
  const places = placesOf(options);
  const variables = places.map(({ variable, path }) => `${variable}=\${${variable}:-${quoteShell(path)}}`);
  const words = [
    ...places.map(({ variable, option }) => `${option} "$${variable}"`),
    fixedWords(options).map(quoteShell).join(" "),
  ];
  return `#!/bin/bash
# One training for each line of runs.tsv. From the folder that holds jobs/ and runs/:
#   sbatch jobs/array.sh
# A job that was requeued, or is submitted again, goes on where it was saved; one that is done ends at once. Another place
# for data or weights: sbatch --export=ALL,MEDCTC_DATA=/elsewhere jobs/array.sh
#SBATCH --job-name=medctc-sweep
#SBATCH --array=0-${count - 1}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@120
set -eu
cd "\${SLURM_SUBMIT_DIR:-$(dirname "$0")/..}"
MEDCTC=\${MEDCTC:-medctc}
${variables.join("\n")}
IFS=$'\\t' read -r name seed spec output log < <(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" jobs/runs.tsv)
if [ -f "$output/adapter.safetensors" ] && [ -f "$output/report.html" ]; then
  echo "$name, seed $seed: already done"
  exit 0
fi
exec $MEDCTC train "$spec" ${words.join(" \\\n  ")} \\
  -o "$output" --seed "$seed" --resume >> "$log" 2>&1
`;
}

function rayScript(options: EmittedOptions): string {
  const places = placesOf(options);
  const lines = places.map(
    ({ variable, option, path }) =>
      `    ${quotePython(option)}, os.environ.get(${quotePython(variable)}, ${quotePython(path)}),`,
  );
  const words = fixedWords(options).map((word) => `${quotePython(word)},`);
  return `"""Run one training for each line of runs.tsv, on a Ray cluster whose machines share this folder.

    python jobs/ray_sweep.py [--cpus 2] [--gpus 0]

If started again, runs resume from their last checkpoints, and finished runs are skipped. MEDCTC_DATA and similar variables set other
paths, MEDCTC another command.
"""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

# A cluster that this starts sends no statistics of its use.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray

ROOT = Path(__file__).resolve().parent.parent
GIVEN = [
${lines.join("\n")}
    ${words.join(" ")}
]
COMMAND = shlex.split(os.environ.get("MEDCTC", "medctc"))


@ray.remote(max_retries=3)
def train(spec, output, log, seed):
    """Run one training and return its exit status."""
    with open(ROOT / log, "a") as file:
        words = [*COMMAND, "train", spec, *GIVEN, "-o", output, "--seed", seed, "--resume"]
        return subprocess.run(words, cwd=ROOT, stdout=file, stderr=file, check=False).returncode


def is_done(output):
    return all((ROOT / output / name).exists() for name in ("adapter.safetensors", "report.html"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpus", type=float, default=2)
    parser.add_argument("--gpus", type=float, default=0)
    given = parser.parse_args()
    ray.init()
    started = {}
    for line in (ROOT / "jobs" / "runs.tsv").read_text().splitlines():
        name, seed, spec, output, log = line.split("\\t")
        if not is_done(output):
            job = train.options(num_cpus=given.cpus, num_gpus=given.gpus)
            started[job.remote(spec, output, log, seed)] = (name, seed, log)
    failed = 0
    while started:
        [ended], _ = ray.wait(list(started))
        name, seed, log = started.pop(ended)
        try:
            code = ray.get(ended)
        except ray.exceptions.RayError as error:
            code = error
        failed += code != 0
        print(f"{name}, seed {seed}: {'done' if code == 0 else f'ended with {code}, see {log}'}; {len(started)} left")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
`;
}
