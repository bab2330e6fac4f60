/** What was measured after a step, by names such as `train/loss`, `train/loss/contrastive` and `valid/meanAuroc`. */
export interface TrackedStep {
  readonly step: number;
  /** Seconds since 1970. */
  readonly seconds: number;
  /** NaN where it was no finite number. */
  readonly values: ReadonlyMap<string, number>;
}

/** A file to be kept with a run, by its name there. */
export interface TrackedFile {
  readonly name: string;
  readonly content: { readonly kind: "file"; readonly path: string } | { readonly kind: "text"; readonly text: string };
}

export type TrackedState = "running" | "done" | "stopped" | "failed";

/** What a tracker is told of a training, or of a sweep. */
export interface TrackedRun {
  /** 32 hexadecimal digits that follow from its name and what it logged first, so that they stay when it is resumed or moved. */
  readonly id: string;
  readonly name: string;
  /** The sweep that the run belongs to. */
  readonly sweep: { readonly id: string; readonly name: string } | null;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly state: TrackedState;
  /** What it was asked for: settings, placements, counts. */
  readonly settings: ReadonlyMap<string, string>;
  /** What it was made of: hashes of data and weights, versions. */
  readonly tags: ReadonlyMap<string, string>;
  readonly files: readonly TrackedFile[];
  /** The names of all that its steps measured. */
  readonly names: ReadonlySet<string>;
  /** In ascending order, read as they are asked for: there may be millions. */
  readonly steps: () => Iterable<TrackedStep>;
}
