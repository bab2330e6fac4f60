import { labelColumns, type TracedSpec, trainingTask, unsetForEvaluation } from "../../../compiler/index.ts";
import { type DataInputs, type Dataset, type LabelledExample, openDataset } from "../../data/index.ts";
import { sentence } from "../../text/index.ts";
import { type DataOptions, isUsable } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";
import { areGroupsKnown, groupColumns } from "./grouping.ts";
import { noteUnevaluated } from "./unevaluated.ts";

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
  const { tasks } = spec.evaluation;
  const task = trainingTask(spec.evaluation);
  if (task === null) {
    const unset = tasks.length === 0 ? unsetForEvaluation(spec.evaluation) : null;
    reporter.note(
      unset === null
        ? "no scores of classes during training: no task of the `eval` block is `zero_shot` or `classify`"
        : `no zero-shot evaluation: the \`eval\` block does not set \`${unset}\``,
    );
    return null;
  }
  const kind = task.kind === "zero_shot" ? "zero-shot evaluation" : "evaluation of classes";
  const texts = groupColumns(spec.evaluation);
  const dataset = await openDataset(options.data, spec.data, {
    files,
    texts,
    labels: labelColumns(spec.evaluation),
    split: "valid",
  });
  // A folder without held-out volumes or without labels is no mistake; a table that says something wrong is one.
  const isWithout = dataset.problems.every(({ subject }) => subject === options.data);
  if (dataset.examples.length === 0 && (isWithout || options.skipBad)) {
    const why = dataset.problems.find(({ subject }) => subject === options.data) ?? dataset.problems[0];
    reporter.note(`no ${kind}: ${why === undefined ? "no volume is held out" : sentence(why)}`);
    return null;
  }
  if (!isUsable(dataset, options, reporter)) return "wrong";
  if (!areGroupsKnown(spec, dataset, reporter)) return "wrong";
  noteUnevaluated(spec.evaluation, reporter);
  if (task.threshold.kind !== "fixed" && task.threshold.on.kind !== "evaluated") {
    reporter.note(
      "evaluations during training use a threshold of 0.5; `medctc eval` chooses thresholds as the spec says",
    );
  }
  return dataset;
}
