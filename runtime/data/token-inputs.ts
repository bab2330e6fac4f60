import type { DataInputs } from "./data-inputs.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Values for inputs of a model, by the inputs' names, row after row. */
export type InputValues = ReadonlyMap<string, Float32Array | Int32Array>;

/** Texts as the inputs that take tokens. */
export function tokenInputs(texts: readonly string[], tokenizer: Tokenizer, inputs: DataInputs): InputValues {
  const { ids, mask, length } = inputs;
  const numbers = new Int32Array(texts.length * length);
  const masks = new Int32Array(texts.length * length);
  for (const [row, text] of texts.entries()) {
    const tokens = tokenizer.encode(text, length);
    numbers.set(tokens.ids, row * length);
    masks.set(tokens.mask, row * length);
  }
  return new Map(
    mask === null
      ? [[ids, numbers]]
      : [
          [ids, numbers],
          [mask, masks],
        ],
  );
}
