import { setImmediate as letOthersRun } from "node:timers/promises";
import type { EvalTask, RetrievalTask } from "../../compiler/index.ts";
import type { BootstrapSettings } from "./bootstrap.ts";
import type { EncodedVolumes } from "./encoded-volumes.ts";
import type { KeptScores } from "./kept-scores.ts";
import type { ProbeWatch } from "./probe/index.ts";
import { type Evaluation, evaluateScores } from "./results.ts";
import { evaluateRetrieval, type RetrievalEvaluation } from "./retrieval/index.ts";
import { type ScoringTask, scoreTask, type TaskScores } from "./score-task.ts";
import type { Threshold, ThresholdPolicy } from "./thresholds.ts";
import type { EncodedTexts } from "./zero-shot.ts";

/** What a task came to. */
export type TaskResult =
  | {
      readonly kind: "scores";
      readonly task: ScoringTask;
      readonly scores: KeptScores;
      readonly evaluation: Evaluation;
      /** The classes that have no scores, each with the reason. */
      readonly unscored: TaskScores["unscored"];
    }
  | {
      readonly kind: "retrieval";
      readonly task: RetrievalTask;
      readonly names: readonly string[];
      readonly evaluation: RetrievalEvaluation;
    };

export interface TaskSettings extends ProbeWatch {
  /** Called before a task is measured. */
  readonly tellMeasuring: () => void;
  /** The prompts of zero-shot tasks; null where there are none. */
  readonly texts: EncodedTexts | null;
  readonly bootstrap: BootstrapSettings | null;
  /** How the thresholds of a task come about, and those of its classes by name, where they were chosen on other volumes. */
  readonly thresholdsOf: (task: ScoringTask) => {
    readonly policy: ThresholdPolicy;
    readonly chosen: ReadonlyMap<string, Threshold> | null;
  };
}

/**
 * Does a task on encoded volumes. A probe tells how far it is, and can be stopped between two fits; all can before they are measured, of
 * which resamples take the most time.
 */
export async function evaluateTask(
  task: EvalTask,
  volumes: EncodedVolumes,
  settings: TaskSettings,
): Promise<TaskResult | "stopped"> {
  const { texts, bootstrap, thresholdsOf } = settings;
  if (task.kind === "retrieval") {
    const { names, images, reports, reportTexts, labels, groups, patients } = volumes;
    if (images === null || reports === null || reportTexts === null)
      throw new Error("invariant: retrieval has latents of both");
    const examples = { images, reports, texts: reportTexts, labels, groups, patients };
    const { recallAt, mapAt } = task;
    if (await hasToStop(settings)) return "stopped";
    return { kind: "retrieval", task, names, evaluation: evaluateRetrieval(examples, { recallAt, mapAt, bootstrap }) };
  }
  const scored = await scoreTask(task, volumes, texts, settings);
  if (scored === "stopped") return scored;
  const { unscored, ...found } = scored;
  if (await hasToStop(settings)) return "stopped";
  const { policy: threshold, chosen } = thresholdsOf(task);
  const scores: KeptScores = {
    ...found,
    groups: volumes.groups,
    ...{ threshold, bootstrap },
    ...(chosen === null ? {} : { chosen: found.classes.map((name) => chosen.get(name) ?? notChosen) }),
  };
  return { kind: "scores", task, scores, evaluation: evaluateScores(scores), unscored };
}

/** Hears signals before what is not interrupted. */
async function hasToStop({ tellMeasuring, isStopped }: TaskSettings): Promise<boolean> {
  tellMeasuring();
  await letOthersRun();
  return isStopped();
}

const notChosen: Threshold = { value: null, why: "it has no scores on the volumes that thresholds are chosen on" };
