import type { Plan } from "../../compiler/index.ts";
import type { Evaluation, TaskResult } from "../evaluate/index.ts";
import type { Problem } from "../text/index.ts";
import type { HardestReport } from "./compare/types.ts";
import type { LatentsReport } from "./latent-map.ts";

/** One step of a training run. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Metrics by their names, and as `loss/contrastive` each loss where there are several. */
  readonly metrics: ReadonlyMap<string, number>;
}

/** The loss on held-out data after so many steps, and what is logged beside it, by the names that a step logs. */
export interface ValidationPoint {
  readonly step: number;
  readonly values: ReadonlyMap<string, number>;
}

export interface LabelledEvaluation {
  /** `before`, `after`, or whatever tells it from the others. */
  readonly label: string;
  /** After how many steps it was made, where that is known. */
  readonly step: number | null;
  readonly evaluation: Evaluation;
}

/** All that a report shows of a training run or of an evaluation. A part that is null or empty leaves its section out. */
export interface RunReport {
  readonly title: string;
  /** What was run, as typed. */
  readonly command: string | null;
  /** When it was started, in ISO 8601. */
  readonly startedAt: string | null;
  readonly elapsedMs: number | null;
  readonly specPath: string;
  readonly specText: string | null;
  readonly plan: Plan | null;
  readonly curve: readonly CurvePoint[];
  /** In the order of steps. */
  readonly validation: readonly ValidationPoint[];
  /** In the order in which they were made: the last is held against the first. */
  readonly evaluations: readonly LabelledEvaluation[];
  /** What else was measured of the same volumes. */
  readonly tasks: readonly TaskResult[];
  /** The volumes that the evaluation got most wrong; null where they are not shown. */
  readonly hardest: HardestReport | null;
  /** Where the volumes of the last evaluation are by their latents. */
  readonly latents: LatentsReport | null;
  /** Versions, machine, backend, seed, data: a name and a value each. */
  readonly environment: readonly (readonly [string, string])[];
  /** Why what is shown means less than it seems to. */
  readonly warnings: readonly string[];
  /** What of the data was left out, and why. */
  readonly skipped: readonly Problem[];
}
