import type { Evaluation, RunComparison } from "../../evaluate/index.ts";
import type { PictureRow } from "../data-types.ts";

/** One run on the volumes of a comparison. */
export interface ComparedEvaluation {
  /** What tells it from the others. */
  readonly label: string;
  readonly evaluation: Evaluation;
  /** [volumes][classes] */
  readonly scores: readonly ArrayLike<number>[];
}

/** All that a page shows of runs on the same volumes. */
export interface ComparisonReport {
  readonly title: string;
  /** The names of the volumes. */
  readonly names: readonly string[];
  /** [volumes][classes]: whether the volume has the class; null where that is not known. */
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** The first is what the others are held against. */
  readonly runs: readonly ComparedEvaluation[];
  /** Of each run but the first with the first. */
  readonly comparisons: readonly RunComparison[];
  /** Why numbers mean less than they seem to. */
  readonly warnings: readonly string[];
  /** What there is to see of the hardest volumes, by name. */
  readonly cases: ReadonlyMap<string, CaseMaterial>;
}

/** What of it the hardest volumes are chosen by and shown with. */
export type HardestReport = Pick<ComparisonReport, "names" | "labels" | "runs" | "cases">;

/** A volume to look at. */
export interface CaseMaterial {
  readonly pictures: readonly PictureRow[];
  /** What was reported of it; null where that is not known. */
  readonly text: string | null;
}
