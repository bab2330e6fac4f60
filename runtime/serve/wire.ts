/** What the server tells the page, in JSON: types alone, which both sides know. All texts are printable. */

export type RunState = "running" | "finished" | "stopped" | "failed";

/** A run as the list shows it. */
export interface RunSummary {
  readonly id: string;
  /** Its path below the folder that was named. */
  readonly name: string;
  readonly state: RunState;
  /** What there is to say about the state, such as the machine that it runs on; empty for nothing. */
  readonly note: string;
  readonly step: number;
  /** Null where its folder does not say yet how many there will be. */
  readonly steps: number | null;
  readonly secondsPerStep: number | null;
  readonly examplesPerSecond: number | null;
  readonly secondsLeft: number | null;
  readonly loss: number | null;
  readonly gradientNorm: number | null;
  readonly learningRate: number | null;
  readonly validationLoss: number | null;
  /** When its log last grew, in milliseconds since 1970. */
  readonly updatedAt: number | null;
  /** Grows with each change, of what is not in the summary, too. */
  readonly version: number;
}

/** Runs that changed, and those that are gone. */
export interface RunsChange {
  readonly runs: readonly RunSummary[];
  readonly removed: readonly string[];
  /** Whether `runs` are all. */
  readonly isWhole: boolean;
  /** What keeps some run from being shown. */
  readonly notes: readonly string[];
}

/** The steps from one on, up to the next: the first of them, and the least, the largest and the mean value. */
export type Bucket = readonly [step: number, least: number, most: number, mean: number];

/** A quantity over the steps, each `width` of which are one bucket; long runs have wider ones. */
export interface Series {
  readonly name: string;
  readonly width: number;
  readonly buckets: readonly Bucket[];
}

export interface Evaluated {
  readonly step: number;
  readonly values: readonly (readonly [name: string, value: number | null])[];
}

/** A page that belongs to a run. */
export interface PageLink {
  readonly title: string;
  readonly address: string;
}

/** What is shown of a run that was chosen. */
export interface RunDetails {
  readonly id: string;
  readonly version: number;
  /** Another number where the log was written anew, so that nothing of it is known. */
  readonly generation: number;
  /** The step from which on the series are told; what was before it is as it was. 0 for all of them. */
  readonly from: number;
  readonly series: readonly Series[];
  readonly evaluations: readonly Evaluated[];
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly pages: readonly PageLink[];
  /** The last lines of what went wrong. */
  readonly problems: readonly string[];
}
