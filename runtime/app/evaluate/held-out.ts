import { buildProgram, inputsOf, type TracedSpec, unsetForEvaluation } from "../../../compiler/index.ts";
import type { Engine } from "../../backends/index.ts";
import { type DataInputs, type Dataset, type LabelledExample, openDataset } from "../../data/index.ts";
import {
  type Evaluation,
  evaluateScores,
  type KeptScores,
  scoreVolumes,
  type Threshold,
} from "../../evaluate/index.ts";
import { type Problem, sentence } from "../../text/index.ts";
import { type DataOptions, isUsable, type OpenedData } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";
import { areGroupsKnown, groupColumns, groupsOf } from "./grouping.ts";
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

/** What is evaluated, with what, and who hears of it. */
export interface HeldOutRequest {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  readonly dataset: Dataset<LabelledExample>;
  readonly reading: OpenedData;
  readonly skipBad: boolean;
  /** The thresholds of the classes, where they were chosen on other volumes. */
  readonly chosen?: readonly Threshold[];
  readonly isStopped: () => boolean;
}

/** Evaluates what an engine has learned on held-out volumes. */
export async function evaluateHeldOut(request: HeldOutRequest, reporter: Reporter): Promise<HeldOutEvaluation> {
  const found = await scoreHeldOut(request, "evaluating", reporter);
  if (found.kind !== "scored") return found;
  const { threshold, resamples, resampleBy } = request.spec.evaluation;
  const { chosen } = request;
  const groups = groupsOf(resampleBy, found.examples);
  if (groups.kind === "failed") throw new Error("invariant: groups were found before volumes were scored");
  const scores: KeptScores = {
    ...found.scores,
    groups: groups.value,
    threshold: policyOf(threshold, chosen !== undefined),
    ...(chosen === undefined ? {} : { chosen }),
    bootstrap: resamples === 0 ? null : { resamples, seed: 0 },
  };
  return { kind: "evaluated", scores, evaluation: evaluateScores(scores), skipped: found.skipped };
}

/** Volumes with their scores, and the same with labels and names in columns. */
export type HeldOutScores =
  | {
      readonly kind: "scored";
      readonly examples: readonly LabelledExample[];
      readonly scores: Pick<KeptScores, "classes" | "names" | "scores" | "labels">;
      readonly skipped: readonly Problem[];
    }
  | Exclude<HeldOutEvaluation, { readonly kind: "evaluated" }>;

/** Scores volumes by what an engine has learned; `doing` is what a line of progress says of it. */
export async function scoreHeldOut(
  { engine, spec, dataset: { examples }, reading, skipBad, isStopped }: HeldOutRequest,
  doing: string,
  reporter: Reporter,
): Promise<HeldOutScores> {
  const { text, loader } = reading;
  const { classes } = spec.evaluation;
  const scored = await scoreVolumes(examples, {
    engine,
    settings: spec.evaluation,
    inputs: encodedInputs(spec, reading.inputs),
    tokenizer: text?.tokenizer ?? null,
    loader,
    rows: spec.settings.microBatch,
    skipBad,
    tell: (count) => reporter.progress(`${doing} ${count} of ${examples.length}`),
    isStopped,
  });
  if (scored.kind !== "scored") return scored;
  const names = scored.examples.map(({ name }) => name);
  const labels = scored.examples.map((example) => classes.map((name) => example.labels.get(name) ?? null));
  return { ...scored, scores: { classes, names, scores: scored.scores, labels } };
}

/** Without what the encoders do not read, such as segmentations that only a loss takes. */
function encodedInputs(spec: TracedSpec, { inputs, needs }: DataInputs): DataInputs {
  const programs = (["encode_image", "encode_text"] as const).flatMap((name) => buildProgram(spec, name) ?? []);
  const read = new Set(programs.flatMap((program) => inputsOf(program).map(({ name }) => name)));
  return { inputs: inputs.filter(({ name }) => read.has(name)), needs };
}
