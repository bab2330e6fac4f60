import { type TracedSpec, unsetForEvaluation } from "../../../compiler/index.ts";
import { type DataInputs, type Dataset, type LabelledExample, openDataset } from "../../data/index.ts";
import {
  type Evaluation,
  evaluateScores,
  type Groups,
  type KeptScores,
  scoreClasses,
  type Threshold,
} from "../../evaluate/index.ts";
import { type Problem, sentence } from "../../text/index.ts";
import { type DataOptions, isUsable } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";
import { encodeHeldOut, encodePromptsOf, type HeldOutRequest } from "./encode-held-out.ts";
import { areGroupsKnown, groupColumns } from "./grouping.ts";
import { policyOf } from "./threshold-policy.ts";

/**
 * The held-out volumes of a data set with their labels; null, after reporting why, where there is nothing to evaluate on. `wrong`
 * where some of it is, and bad files are not to be skipped.
 */
export async function openHeldOut(
  spec: TracedSpec,
  { needs: { files } }: DataInputs,
  options: DataOptions,
  reporter: Reporter,
): Promise<Dataset<LabelledExample> | null | "wrong"> {
  const { classes } = spec.evaluation;
  const unset = unsetForEvaluation(spec.evaluation);
  if (unset !== null) {
    reporter.note(`no zero-shot evaluation: the \`eval\` block does not set \`${unset}\``);
    return null;
  }
  const texts = groupColumns(spec.evaluation);
  const dataset = await openDataset(options.data, spec.data, { files, texts, labels: classes, split: "valid" });
  // A folder without held-out volumes or without labels is no mistake; a table that says something wrong is one.
  const isWithout = dataset.problems.every(({ subject }) => subject === options.data);
  if (dataset.examples.length === 0 && (isWithout || options.skipBad)) {
    const why = dataset.problems.find(({ subject }) => subject === options.data) ?? dataset.problems[0];
    reporter.note(`no zero-shot evaluation: ${why === undefined ? "no volume is held out" : sentence(why)}`);
    return null;
  }
  if (!isUsable(dataset, options, reporter)) return "wrong";
  if (!areGroupsKnown(spec, dataset, reporter)) return "wrong";
  const { threshold } = spec.evaluation;
  if (threshold.kind !== "fixed" && threshold.on.kind !== "evaluated") {
    reporter.note(
      "evaluations during training use a threshold of 0.5; `medctc eval` chooses thresholds as the spec says",
    );
  }
  return dataset;
}

/** What an evaluation came to. */
export type HeldOutEvaluation =
  | {
      readonly kind: "evaluated";
      readonly scores: KeptScores;
      readonly evaluation: Evaluation;
      readonly skipped: readonly Problem[];
    }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Evaluates what an engine has learned on held-out volumes. */
export async function evaluateHeldOut(
  request: HeldOutRequest & {
    /** The thresholds of the classes, where they were chosen on other volumes. */
    readonly chosen?: readonly Threshold[];
  },
  reporter: Reporter,
): Promise<HeldOutEvaluation> {
  const found = await scoreHeldOut(request, "evaluating", reporter);
  if (found.kind !== "scored") return found;
  const { threshold, resamples } = request.spec.evaluation;
  const { chosen } = request;
  const scores: KeptScores = {
    ...found.scores,
    threshold: policyOf(threshold, chosen !== undefined),
    ...(chosen === undefined ? {} : { chosen }),
    bootstrap: resamples === 0 ? null : { resamples, seed: 0 },
  };
  return { kind: "evaluated", scores, evaluation: evaluateScores(scores), skipped: found.skipped };
}

/** Volumes with their scores. */
export type HeldOutScores =
  | { readonly kind: "scored"; readonly scores: HeldOutScored; readonly skipped: readonly Problem[] }
  | Exclude<HeldOutEvaluation, { readonly kind: "evaluated" }>;

type HeldOutScored = Pick<KeptScores, "classes" | "names" | "scores" | "labels"> & { readonly groups: Groups };

/** Scores volumes by what an engine has learned; `doing` is what a line of progress says of it. */
export async function scoreHeldOut(request: HeldOutRequest, doing: string, reporter: Reporter): Promise<HeldOutScores> {
  const prompts = await encodePromptsOf(request);
  if (prompts === null) return { kind: "stopped" };
  const found = await encodeHeldOut(request, { doing, withReports: false }, reporter);
  if (found.kind !== "encoded") return found;
  const { classes, names, labels, groups, images } = found.volumes;
  if (images === null) throw new Error("invariant: zero-shot classification has latents of images");
  const scores = { classes, names, scores: scoreClasses(images, prompts), labels, groups };
  return { kind: "scored", scores, skipped: found.skipped };
}
