import { quoteShell } from "../../text/index.ts";
import { lockFolder } from "../run-folder.ts";
import type { JobFile, TrainingJob } from "./training-job.ts";

/** That long before its time is up a job is told to save: a step in which it cannot hear of that has to end before. */
const noticeSeconds = 300;

/** How `medctc train` ends when it was told to stop, and has saved. */
const stopped = 143;

/**
 * A batch script. Each machine has one task, which is `medctc train`; these meet at the first machine of the job. The first one
 * ends with 143 when its time is up, and the script puts the job into the queue again; one that is cancelled ends the script too.
 */
export function slurmJob(job: TrainingJob): JobFile {
  const name = "jobs/train.sh";
  const { nodes, processes, gpus, cpus, time, partition } = job;
  const directives = [
    `--job-name=${job.name}`,
    `--nodes=${nodes}`,
    "--ntasks-per-node=1",
    `--cpus-per-task=${cpus}`,
    ...(gpus === 0 ? [] : [`--gpus-per-node=${gpus}`]),
    `--time=${time}`,
    ...(partition === null ? [] : [`--partition=${partition}`]),
    "--requeue",
    "--open-mode=append",
    `--signal=TERM@${noticeSeconds}`,
  ];
  const where = `--backend pytorch --processes ${processes}`;
  const content = `#!/bin/bash
# One training. From the folder to which its paths belong: sbatch RUN/${name}
# ${noticeSeconds / 60} minutes before its time is up it is told to save, goes back into the queue, and resumes; it resumes after a machine failed
# too. MEDCTC is another command than medctc: sbatch --export=ALL,MEDCTC="npx medctc" ...
${directives.map((each) => `#SBATCH ${each}`).join("\n")}
set -u
MEDCTC=\${MEDCTC:-medctc}
run=${quoteShell(job.output)}
mkdir -p "$run"
exec >> "$run/slurm-$SLURM_JOB_ID.log" 2>&1
# What ran before is over, even if it left its lock on a machine that failed.
if [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
  rm -rf "$run/${lockFolder}"
fi
# srun does not take this from the job by itself.
export SRUN_CPUS_PER_TASK=\${SLURM_CPUS_PER_TASK:-1}
train=(
  ${groups(job.train).join("\n  ")}
  -o "$run" --resume ${where}
)
${nodes === 1 ? oneMachine : severalMachines}
status=$?
if [ "$status" -eq ${stopped} ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
`;
  return { name, content };
}

const oneMachine = `srun $MEDCTC train "\${train[@]}"`;

/** That a task ends is no reason to end the others before the first has saved. */
const severalMachines = `# They meet at the first machine, at a port of this job's own.
host=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((10000 + SLURM_JOB_ID % 20000))
srun --kill-on-bad-exit=0 --wait=${noticeSeconds} bash -c 'exec "$@" --node-rank "$SLURM_NODEID"' medctc \\
  $MEDCTC train "\${train[@]}" --nodes "$SLURM_NNODES" --rendezvous "$host:$port"`;

/** Words of a command line: each option begins a line, and has its values with it. */
function groups(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || word.startsWith("--")) lines.push(quoteShell(word));
    else lines[lines.length - 1] = `${line} ${quoteShell(word)}`;
  }
  return lines;
}
