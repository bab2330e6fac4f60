import type { ModuleDeclaration, Parameter } from "../../grammar/index.ts";
import type { TensorType } from "../ir/index.ts";
import { type Environment, number } from "./values.ts";

/**
 * Has an encoder read at most so many tokens: what its `forward` takes as `i32[batch, NAME]` is a row of tokens, or which of them count,
 * and where NAME is a number that the encoder is made with, that is how many.
 */
export function shortenTexts(declaration: ModuleDeclaration, environment: Environment, longest: number): void {
  const forward = declaration.members.find((member) => member.kind === "forward");
  const own = new Set(declaration.parameters.map(({ name }) => name.text));
  for (const name of (forward?.parameters ?? []).flatMap(lengthOf)) {
    const value = environment.lookup(name);
    if (own.has(name) && value?.kind === "number" && value.value > longest) environment.define(name, number(longest));
  }
}

/** The type of a declared input that takes at most so many tokens: i32[batch, tokens]. */
export function shortened(type: TensorType, batch: number, longest: number | null): TensorType {
  const [rows, tokens = 0] = type.shape;
  const isText = type.dtype === "i32" && type.shape.length === 2 && rows === batch;
  return isText && longest !== null && tokens > longest ? { ...type, shape: [batch, longest] } : type;
}

function lengthOf({ type }: Parameter): readonly string[] {
  if (type?.kind !== "tensor-type" || type.dtype !== "i32" || type.dims.length !== 2) return [];
  const [batch, length] = type.dims;
  return batch?.kind === "name" && batch.text === "batch" && length?.kind === "name" ? [length.text] : [];
}
