import type { TracedSpec } from "../../../compiler/index.ts";
import { type DataInputs, type Dataset, fitProblem, gridOf, leftRightAxis, sideProblem } from "../../data/index.ts";
import type { Problem } from "../../text/index.ts";

/** Why examples cannot be changed at random as a spec says; null where they can. */
export function augmentProblem(
  { data, evaluation }: TracedSpec,
  { examples }: Dataset,
  { inputs, needs }: DataInputs,
): Problem | null {
  const classes = new Set([...evaluation.classes, ...(needs.labels ?? [])]);
  const reports = examples.map(({ name, texts }) => ({ name, text: texts.join("\n") }));
  const isImage = inputs.some(({ kind }) => kind === "image");
  const leftRight = isImage ? "width" : leftRightAxis(data.orientation, data.axes);
  return (
    fitProblem(data.augment, gridOf(data)) ?? sideProblem(data.augment, leftRight, { classes: [...classes], reports })
  );
}
