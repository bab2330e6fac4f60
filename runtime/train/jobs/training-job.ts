/** What starts jobs on a cluster. */
export const jobSystems = ["slurm", "ray"] as const;

export type JobSystem = (typeof jobSystems)[number];

/** One training on a cluster whose machines share a file system. Paths are from the folder in which it is started, or absolute. */
export interface TrainingJob {
  readonly name: string;
  /** The name of the model, after which its package is called. */
  readonly model: string;
  /** The words of `medctc compile` that name the spec and what holds instead of what it says. */
  readonly spec: readonly string[];
  /** The words of `medctc train`, but for those that say where it runs. */
  readonly train: readonly string[];
  /** The folder of the run. */
  readonly output: string;
  readonly nodes: number;
  /** On each machine. */
  readonly processes: number;
  /** On each machine; without any it trains on processors. */
  readonly gpus: number;
  /** Processors on each machine. */
  readonly cpus: number;
  /** As Slurm reads it, such as 24:00:00 or 2-12:00:00. */
  readonly time: string;
  /** Null for the cluster's own. */
  readonly partition: string | null;
}

/** A file of a job, below the folder of its run. */
export interface JobFile {
  readonly name: string;
  readonly content: string;
}
