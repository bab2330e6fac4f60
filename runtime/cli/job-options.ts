import { type Command, InvalidArgumentError, Option, type OptionValues } from "@commander-js/extra-typings";
import type { JobRequest } from "../app/train/job.ts";
import { jobSystems } from "../train/index.ts";
import { wholeNumber } from "./option-values.ts";
import { printProblem } from "./print-problem.ts";
import type { Terminal } from "./terminal.ts";

/** What `--emit-jobs` is, and how much of a cluster its job gets. */
export function addJobOptions<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
) {
  return command
    .addOption(
      new Option("--emit-jobs <system>", "run nothing; write a job for a cluster")
        .choices(jobSystems)
        .conflicts(["nodeRank", "rendezvous", "attach"]),
    )
    .option("--gpus <number>", "of a job: GPUs on each machine; default: one for each process", wholeNumber(0))
    .option("--cpus <number>", "of a job: processors on each machine; default: 8 for each process", wholeNumber(1))
    .addOption(
      new Option("--time <time>", "of a Slurm job: the longest that it runs at a stretch; default: 24:00:00").argParser(
        slurmTime,
      ),
    )
    .addOption(new Option("--partition <name>", "of a Slurm job: where it runs").argParser(slurmName));
}

interface JobFlags {
  readonly emitJobs?: JobRequest["system"] | undefined;
  readonly nodes?: number | undefined;
  readonly processes?: number | undefined;
  readonly gpus?: number | undefined;
  readonly cpus?: number | undefined;
  readonly python?: string | undefined;
  readonly time?: string | undefined;
  readonly partition?: string | undefined;
}

/** The job that is asked for, null for none; `wrong` after printing which option is for a job alone. */
export function jobRequest(flags: JobFlags, terminal: Pick<Terminal, "colour" | "err">): JobRequest | null | "wrong" {
  const { emitJobs: system, nodes = 1, processes = 1, python = null } = flags;
  const { gpus = null, cpus = null, time = null, partition = null } = flags;
  if (system !== undefined) {
    return { system, nodes, processes, gpus, cpus, python, time: time ?? "24:00:00", partition };
  }
  const [idle] = Object.entries({ gpus, cpus, time, partition }).flatMap(([name, value]) =>
    value === null ? [] : [name],
  );
  if (idle === undefined) return null;
  printProblem({ subject: "", message: `--${idle} is of a job`, help: "add --emit-jobs" }, terminal);
  return "wrong";
}

/** A time as sbatch reads it: minutes, with hours before and seconds behind, with days before. */
function slurmTime(text: string): string {
  if (/^(\d+-)?\d+(:\d+){0,2}$/.test(text)) return text;
  throw new InvalidArgumentError("Must be a time such as 24:00:00 or 2-12:00:00.");
}

/** It stands in a line that sbatch reads by itself. */
function slurmName(text: string): string {
  if (/^[\w.,-]+$/.test(text)) return text;
  throw new InvalidArgumentError("Must be the name of a partition, or several with commas between.");
}
