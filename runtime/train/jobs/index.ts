import { rayJob } from "./ray.ts";
import { slurmJob } from "./slurm.ts";
import type { JobFile, JobSystem, TrainingJob } from "./training-job.ts";

export { type JobSystem, jobSystems, type TrainingJob } from "./training-job.ts";

/** The file that starts a training on a cluster. */
export function emitJob(system: JobSystem, job: TrainingJob): JobFile {
  switch (system) {
    case "slurm":
      return slurmJob(job);
    case "ray":
      return rayJob(job);
  }
}
