import type { Compiled, TensorData } from "../../compiler/index.ts";
import {
  bindInputs,
  type DataInputs,
  loadTokenizer,
  preprocessVolume,
  textTables,
  textValues,
  tokenizerProblem,
  tokenSettingsOf,
  unpack,
  unstatedMetadata,
} from "../data/index.ts";
import type { Problem, Result } from "../text/index.ts";
import { SpecError } from "./specs.ts";

/**
 * A volume, a NIfTI file or a folder of DICOM slices, as the inputs of a model that take it: preprocessed as `train` and `eval` do,
 * one row, by the inputs' names. Of a model that takes several volumes, `input` is the one that this is. Throws a SpecError for a spec
 * with mistakes, and an Error for a file that cannot be used.
 */
export async function readVolume(
  compiled: Compiled,
  file: string,
  input: string | null = null,
): Promise<ReadonlyMap<string, TensorData>> {
  const volumes = inputsOf(compiled).inputs.filter((each) => each.kind === "volume");
  const [first] = input === null ? volumes : volumes.filter(({ name }) => name === input);
  if (first === undefined)
    throw new Error(`the model has no input${input === null ? "" : ` ${input}`} that takes volumes`);
  if (input === null && volumes.some((each) => each.file !== first.file)) {
    throw new Error(`the model takes several volumes: name one of ${volumes.map(({ name }) => name).join(", ")}`);
  }
  const values = new Map<string, TensorData>();
  for (const { name, shape, settings } of volumes.filter((each) => each.file === first.file)) {
    const packed = taken(await preprocessVolume(file, unstatedMetadata, { ...settings, units: "stored" }));
    const type = { dtype: "f32", shape: [1, ...shape] } as const;
    values.set(name, { type, data: unpack(packed, settings) });
  }
  return values;
}

/**
 * Texts as the inputs of a model that take tokens, a row each, by the inputs' names. `vocabulary` is a vocab.txt, a tokenizer.json, a
 * spiece.model or CLIP's merges. Throws a SpecError for a spec with mistakes, and an Error for a vocabulary that does not fit the model.
 */
export function tokenize(
  compiled: Compiled,
  texts: readonly string[],
  vocabulary: string,
): ReadonlyMap<string, TensorData> {
  const inputs = inputsOf(compiled);
  const tables = textTables(inputs);
  if (tables.length === 0) throw new Error("the model takes no texts");
  const tokenizer = taken(loadTokenizer(vocabulary, taken(tokenSettingsOf(inputs))));
  const { problem } = tokenizerProblem(vocabulary, tokenizer, tables);
  if (problem !== null) throw errorOf(problem);
  const values = textValues(texts, inputs, tokenizer);
  return new Map(
    [...values].map(([name, data]) => [
      name,
      { type: { dtype: "i32", shape: [texts.length, data.length / texts.length] }, data: Float32Array.from(data) },
    ]),
  );
}

function inputsOf({ spec, diagnostics }: Compiled): DataInputs {
  if (spec === null) throw new SpecError(diagnostics);
  return taken(bindInputs(spec));
}

function taken<Value>(result: Result<Value>): Value {
  if (result.kind === "failed") throw errorOf(result.problem);
  return result.value;
}

function errorOf({ subject, message, help }: Problem): Error {
  const where = subject === "" ? "" : `${subject}: `;
  return new Error(`${where}${message}${help === null ? "" : ` (${help})`}`);
}
