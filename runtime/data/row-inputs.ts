import { at } from "../at.ts";
import type { BoundInput, DataInputs, FileInput, PromptInput, TokenInput } from "./data-inputs.ts";
import type { Labels } from "./dataset.ts";
import type { Example } from "./open-dataset.ts";
import type { Tokenizer } from "./tokenizers/index.ts";

/** Values for inputs of a model, by the inputs' names, row after row. */
export type InputValues = ReadonlyMap<string, Float32Array | Int32Array>;

/** An example with what its files hold, in the order of `fileInputs`. */
export interface LoadedRow {
  readonly example: Example;
  readonly files: readonly Float32Array[];
}

/** The inputs that take what files hold. */
export function fileInputs({ inputs }: DataInputs): readonly FileInput[] {
  return inputs.filter((input) => "file" in input);
}

/** The inputs that take texts of examples. */
export function tokenInputs({ inputs }: DataInputs): readonly TokenInput[] {
  return inputs.filter((input) => input.kind === "tokens");
}

/** How many tokens, and which, the inputs take that take texts of any kind. */
export function textTables({
  inputs,
}: Pick<DataInputs, "inputs">): readonly Pick<TokenInput, "name" | "length" | "vocabulary" | "settings">[] {
  return inputs.filter((input) => input.kind === "tokens" || input.kind === "prompts");
}

/** Some rows as the inputs that take files. */
export function fileValues(rows: readonly LoadedRow[], inputs: DataInputs): InputValues {
  return new Map(
    fileInputs(inputs).map((input, place) => {
      const values = joined(rows.map(({ files }) => at(files, place)));
      const isWhole = input.kind === "segmentation" && input.dtype === "i32";
      return [input.name, isWhole ? Int32Array.from(values) : values];
    }),
  );
}

/** Some examples as the inputs that take texts and labels. */
export function exampleValues(
  examples: readonly Example[],
  { inputs }: DataInputs,
  tokenizer: Tokenizer | null,
): InputValues {
  const cellsOf = (columns: readonly string[], number: (cell: boolean | null) => number): Float32Array =>
    Float32Array.from(examples.flatMap(({ labels }) => columns.map((column) => number(cellIn(labels, column)))));
  const values = new Map<string, Float32Array | Int32Array>();
  for (const input of inputs) {
    switch (input.kind) {
      case "tokens": {
        const texts = examples.map((example) => at(example.texts, input.text));
        for (const [name, numbers] of tokensOf(input, texts, inputs, tokenizer)) values.set(name, numbers);
        break;
      }
      case "table":
        values.set(
          input.name,
          cellsOf(input.columns, (cell) => Number(cell === true)),
        );
        break;
      case "known":
        values.set(
          input.name,
          cellsOf(input.columns, (cell) => Number(cell !== null)),
        );
        break;
      case "volume":
      case "image":
      case "segmentation":
      case "prompts":
      case "mask":
      case "balance":
        break;
    }
  }
  return values;
}

/** Texts, such as prompts, as every input that takes tokens. */
export function textValues(texts: readonly string[], { inputs }: DataInputs, tokenizer: Tokenizer | null): InputValues {
  return new Map(inputs.flatMap((input) => (input.kind === "tokens" ? tokensOf(input, texts, inputs, tokenizer) : [])));
}

/** The inputs that take prompts, the same for all rows, and the masks of these. */
export function promptValues({ inputs }: DataInputs, tokenizer: Tokenizer | null): InputValues {
  return new Map(
    inputs.flatMap((input) => (input.kind === "prompts" ? tokensOf(input, input.texts, inputs, tokenizer) : [])),
  );
}

/**
 * The weights that all rows share: for each column how many examples have a 0 for one that has a 1, as PyTorch's `pos_weight` is set
 * to balance the two. Null for a column in which no example has a 1, with its name.
 */
export function sharedWeights(
  examples: readonly Example[],
  { inputs }: DataInputs,
): { readonly values: InputValues; readonly without: string | null } {
  const values = new Map<string, Float32Array>();
  let without: string | null = null;
  for (const input of inputs) {
    if (input.kind !== "balance") continue;
    const weights = input.columns.map((column) => {
      const cells = examples.map(({ labels }) => cellIn(labels, column));
      const present = cells.filter((cell) => cell === true).length;
      if (present === 0) without ??= column;
      return cells.filter((cell) => cell === false).length / present;
    });
    values.set(input.name, Float32Array.from(weights));
  }
  return { values, without };
}

/**
 * How many cells are missing of an input of labels that no other input says to be known or not; null where none is. To train on
 * them would be to train on labels of 0 that nobody gave.
 */
export function labelGaps(
  examples: readonly Example[],
  { inputs }: DataInputs,
): { readonly cells: number; readonly input: string; readonly columns: readonly string[] } | null {
  for (const input of inputs) {
    if (input.kind !== "table") continue;
    const { name, columns } = input;
    if (inputs.some((other) => other.kind === "known" && other.columns === columns)) continue;
    const missing = examples.map(({ labels }) => columns.filter((column) => cellIn(labels, column) === null).length);
    const cells = missing.reduce((sum, count) => sum + count, 0);
    if (cells > 0) return { cells, input: name, columns };
  }
  return null;
}

function tokensOf(
  { name, length }: TokenInput | PromptInput,
  texts: readonly string[],
  inputs: readonly BoundInput[],
  tokenizer: Tokenizer | null,
): readonly (readonly [string, Int32Array])[] {
  if (tokenizer === null) throw new Error("invariant: a model that takes tokens has a tokenizer");
  const ids = new Int32Array(texts.length * length);
  const mask = new Int32Array(texts.length * length);
  for (const [row, text] of texts.entries()) {
    const tokens = tokenizer.encode(text, length);
    ids.set(tokens.ids, row * length);
    mask.set(tokens.mask, row * length);
  }
  const masks = inputs.filter((input) => input.kind === "mask" && input.of === name);
  return [[name, ids], ...masks.map((input) => [input.name, mask] as const)];
}

function cellIn(labels: Labels | null, column: string): boolean | null {
  if (labels === null) throw new Error("invariant: an example of a model that takes labels has them");
  return labels.get(column) ?? null;
}

/** One row is a batch of one as it is. */
function joined(rows: readonly Float32Array[]): Float32Array {
  const first = at(rows, 0);
  if (rows.length === 1) return first;
  const all = new Float32Array(rows.length * first.length);
  for (const [row, values] of rows.entries()) all.set(values, row * first.length);
  return all;
}
