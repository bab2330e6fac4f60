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

/** Why what a model takes cannot be changed at random as a spec says, whatever the examples are; null where it can. */
export function unfitProblem({ data }: TracedSpec, inputs: DataInputs): Problem | null {
  for (const input of changedInputs(inputs)) {
    const wrong = fitProblem(data.augment, gridOf(input));
    if (wrong !== null) return wrong;
  }
  return null;
}

/** Why these examples cannot be flipped as a spec says; null where they can. The orientations are those of what the network sees. */
export function flipProblem(
  { data, evaluation }: TracedSpec,
  { examples }: Pick<Dataset, "examples">,
  inputs: DataInputs,
  orientations: ReadonlyMap<string, string | null>,
): Problem | null {
  const classes = [...new Set([...evaluation.classes, ...(inputs.needs.labels ?? [])])];
  const reports = examples.map(({ name, texts }) => ({ name, text: texts.join("\n") }));
  for (const input of changedInputs(inputs)) {
    const leftRight = leftRightOf(input, orientations.get(input.name) ?? null);
    const wrong = sideProblem(data.augment, leftRight, { classes, reports });
    if (wrong !== null) return wrong;
  }
  return null;
}

/** The inputs that are changed each by itself: a segmentation goes where its volume goes. */
function changedInputs(inputs: DataInputs): readonly FileInput[] {
  return fileInputs(inputs).filter(({ kind }) => kind !== "segmentation");
}

function leftRightOf(input: FileInput, orientation: string | null): SpatialAxis | null {
  return input.kind === "image" ? "width" : leftRightAxis(orientation, input.settings.axes);
}
