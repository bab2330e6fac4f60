import type { ClassifyTask, ProbeTask, ZeroShotTask } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { scoresOfColumns } from "./columns.ts";
import type { EncodedVolumes } from "./encoded-volumes.ts";
import { type ProbeWatch, probeScores } from "./probe/index.ts";
import { type EncodedTexts, scoreClasses } from "./zero-shot.ts";

/** A task that gives each volume a score of each class. */
export type ScoringTask = ZeroShotTask | ClassifyTask | ProbeTask;

/** The scores of a task, with the labels of the classes that have some. */
export interface TaskScores extends Pick<EncodedVolumes, "names" | "classes" | "labels"> {
  /** [volumes][classes], from 0 to 1. */
  readonly scores: readonly ArrayLike<number>[];
  /** The classes that have no scores, each with the reason. */
  readonly unscored: readonly { readonly name: string; readonly why: string }[];
}

/** Scores encoded volumes. `texts` has the prompts of zero-shot tasks; null where there are none. Only probes are watched. */
export async function scoreTask(
  task: ScoringTask,
  volumes: EncodedVolumes,
  texts: EncodedTexts | null,
  watch: ProbeWatch,
): Promise<TaskScores | "stopped"> {
  const { names, images, classes, labels, patients, scored } = volumes;
  const byColumn = (scores: readonly ArrayLike<number>[]) => scoresOfColumns(scores, scored.classes, scored.columns);
  const ofAll = { names, classes, labels, unscored: [] };
  switch (task.kind) {
    case "zero_shot":
      if (images === null || texts === null) throw new Error("invariant: a zero-shot task has latents of both");
      return { ...ofAll, scores: byColumn(scoreClasses(images, scored.classes, task, texts)) };
    case "classify": {
      const logits = volumes.logits.get(task.name);
      if (logits === undefined) throw new Error(`invariant: the model gives logits for ${task.name}`);
      const scores = logits.map((row) => Float64Array.from(row, (logit) => 1 / (1 + Math.exp(-logit))));
      return { ...ofAll, scores: byColumn(scores) };
    }
    case "probe": {
      if (images === null) throw new Error("invariant: a probe has latents of images");
      const found = await probeScores({ latents: images, labels, groups: patients }, task, watch);
      if (found === "stopped") return found;
      const unscored = found.classes.flatMap((each, index) =>
        each.kind === "unscored" ? [{ name: at(classes, index), why: each.why }] : [],
      );
      // What has no scores would leave no numbers over all classes.
      const fitted = [...classes.keys()].filter((index) => found.classes[index]?.kind === "scored");
      const columnsOf = <Value>(row: ArrayLike<Value>): readonly Value[] => fitted.map((index) => at(row, index));
      return {
        names,
        classes: columnsOf(classes),
        labels: labels.map(columnsOf),
        scores: found.scores.map(columnsOf),
        unscored,
      };
    }
  }
}
