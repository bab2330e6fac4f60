import { buildForward, type Input, inputsOf, printType, type TracedSpec, windowsOf } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { failed, ok, type Result } from "../text/index.ts";

/** Which inputs of a model take what a data set has. */
export interface DataInputs {
  /** f32[batch, windows, slices, height, width] */
  readonly volume: string;
  /** i32[batch, length]: numbers of tokens. */
  readonly ids: string;
  /** i32[batch, length]: 1 for a token, 0 for padding; null for a model that has no such input. */
  readonly mask: string | null;
  /** Tokens of a text. */
  readonly length: number;
  /** Numbers that tokens may have: rows of the table that they are looked up in. */
  readonly vocabulary: number;
}

/**
 * Finds what each input of a model is by its type and by what is done with it: floats in a volume's five axes, whole numbers
 * that are looked up in a table, and whole numbers that are not. Names say nothing. The problem is what keeps a model from
 * being trained on volumes with reports.
 */
export function findDataInputs(spec: TracedSpec): Result<DataInputs> {
  let volume: Input | null = null;
  let ids: Input | null = null;
  let mask: Input | null = null;
  const others: string[] = [];
  const channels = windowsOf(spec.data).length;
  for (const input of inputsOf(buildForward(spec, []))) {
    const { type, values } = input;
    const rank = type.shape.length;
    if (type.dtype === "f32" && rank === 5 && type.shape[1] === channels && volume === null) volume = input;
    else if (type.dtype === "i32" && rank === 2 && values.kind === "below" && ids === null) ids = input;
    else if (type.dtype === "i32" && rank === 2 && values.kind === "ones" && mask === null) mask = input;
    else if (values.kind !== "step") others.push(`\`${input.name}\`, ${printType(type)}`);
  }
  const [unknown] = others;
  if (unknown !== undefined) {
    return unfit(`nothing in a data set of volumes and reports fits the input ${unknown}`);
  }
  if (volume === null) return unfit("the model has no input for a volume");
  if (ids?.values.kind !== "below") return unfit("the model has no input for the tokens of a report");
  const { size } = spec.data;
  const wanted = volume.type.shape.slice(2);
  if (wanted.join() !== size.join()) {
    return unfit(
      `the model takes volumes of ${wanted.join(" x ")} voxels, but the \`data\` block produces ${size.join(" x ")}`,
      `write \`size = [${wanted.join(", ")}]\` in the \`data\` block, or change the encoder's volume`,
    );
  }
  return ok({
    volume: volume.name,
    ids: ids.name,
    mask: mask?.name ?? null,
    length: at(ids.type.shape, 1),
    vocabulary: ids.values.limit,
  });
}

function unfit(message: string, help: string = whatFits): Result<never> {
  return failed({ subject: "", message, help });
}

const whatFits =
  "a model is trained on f32[batch, windows, slices, height, width] volumes and i32[batch, length] tokens, with or without a mask";
