import type { SpatialAxis, TracedSpec } from "../../../compiler/index.ts";
import {
  type DataInputs,
  type Dataset,
  type FileInput,
  fileInputs,
  fitProblem,
  gridOf,
  leftRightAxis,
  sideProblem,
} from "../../data/index.ts";
import type { Problem } from "../../text/index.ts";

/** Why examples cannot be changed at random as a spec says; null where they can. */
export function augmentProblem(
  { data, evaluation }: TracedSpec,
  { examples }: Dataset,
  inputs: DataInputs,
): Problem | null {
  const classes = [...new Set([...evaluation.classes, ...(inputs.needs.labels ?? [])])];
  const reports = examples.map(({ name, texts }) => ({ name, text: texts.join("\n") }));
  // A segmentation goes where its volume goes.
  for (const input of fileInputs(inputs).filter(({ kind }) => kind !== "segmentation")) {
    const wrong =
      fitProblem(data.augment, gridOf(input)) ?? sideProblem(data.augment, leftRightOf(input), { classes, reports });
    if (wrong !== null) return wrong;
  }
  return null;
}

function leftRightOf(input: FileInput): SpatialAxis | null {
  return input.kind === "image" ? "width" : leftRightAxis(input.settings.orientation, input.settings.axes);
}
