import type { TracedSpec } from "../../../compiler/index.ts";
import { type DataInputs, type Dataset, fitProblem, gridOf, leftRightAxis, sideProblem } from "../../data/index.ts";
import type { Problem } from "../../text/index.ts";

/** Why what a model takes cannot be changed at random as a spec says, whatever the examples are; null where it can. */
export function unfitProblem({ data }: TracedSpec): Problem | null {
  return fitProblem(data.augment, gridOf(data));
}

/** Why these examples cannot be flipped as a spec says; null where they can. The orientation is that of what the network sees. */
export function flipProblem(
  { data, evaluation }: TracedSpec,
  { examples }: Dataset,
  { inputs, needs }: DataInputs,
  orientation: string | null,
): Problem | null {
  const classes = new Set([...evaluation.classes, ...(needs.labels ?? [])]);
  const reports = examples.map(({ name, texts }) => ({ name, text: texts.join("\n") }));
  const isImage = inputs.some(({ kind }) => kind === "image");
  const leftRight = isImage ? "width" : leftRightAxis(orientation, data.axes);
  return sideProblem(data.augment, leftRight, { classes: [...classes], reports });
}
