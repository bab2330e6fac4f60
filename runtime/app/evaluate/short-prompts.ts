import {
  buildShortTexts,
  type EvalTask,
  inputsOf,
  promptTexts,
  type ShortTexts,
  type TracedSpec,
  type ZeroShotTask,
} from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { Backend, Engine } from "../../backends/index.ts";
import { type DataInputs, type Tokenizer, textTables, textValues } from "../../data/index.ts";
import type { TextProgram } from "../../evaluate/index.ts";
import type { OpenedData } from "../data/open.ts";

/** Prompts are read as so many tokens more than they need: their number is a multiple of it. */
const step = 8;

/** What reads the prompts of tasks as few tokens; null where that saves little, or where it is not known to be the same. */
export function shortPromptsOf(
  spec: TracedSpec,
  tasks: readonly EvalTask[],
  { text, inputs }: Pick<OpenedData, "text" | "inputs">,
  { runs }: Pick<Backend, "runs">,
): ShortTexts | null {
  const byPrompts = tasks.filter((task) => task.kind === "zero_shot");
  if (text === null || byPrompts.length === 0 || runs !== "programs") return null;
  const { tokenizer } = text;
  const texts = promptsOf(spec, byPrompts);
  const longest = Math.max(tokenizer.leastLength, ...texts.map((each) => tokenizer.count(each)));
  const tokens = Math.ceil(longest / step) * step;
  const tables = textTables(inputs);
  const areFixed = inputs.inputs.some(({ kind }) => kind === "prompts");
  const length = Math.min(...tables.map((table) => table.length));
  if (areFixed || tables.length === 0 || length < 2 * tokens) return null;
  // As many at once as have the tokens of one micro-batch with its padding.
  const rows = Math.min(texts.length, spec.settings.microBatch * Math.floor(length / tokens));
  return buildShortTexts(spec, tokens, rows);
}

/** What zero-shot tasks say of classes, each text once. */
export function promptsOf(
  { evaluation: { classes } }: Pick<TracedSpec, "evaluation">,
  tasks: readonly ZeroShotTask[],
): readonly string[] {
  return [...new Set(tasks.flatMap(({ prompts }) => promptTexts({ classes, prompts })))];
}

/** The inputs of texts of few tokens. */
export function shortInputs({ program }: ShortTexts, { inputs, needs }: DataInputs): DataInputs {
  const lengths = new Map(inputsOf(program).map(({ name, type }) => [name, type.shape[1]] as const));
  return {
    inputs: inputs.map((input) => {
      const length = lengths.get(input.name);
      return input.kind === "tokens" && length !== undefined ? { ...input, length } : input;
    }),
    needs,
  };
}

/** What a program takes of texts, and how many. */
export interface TextRows {
  readonly inputs: DataInputs;
  readonly rows: number;
}

/**
 * Whether padding does not count in a model: what it makes of some texts as few tokens is what it makes of them with their padding, as
 * far as the numbers that it computes in go. Where all tokens have a say, as in a mean of them, it is not.
 */
export async function isPaddingIdle(
  engine: Pick<Engine, "run">,
  texts: readonly string[],
  { padded, short }: { readonly padded: TextRows; readonly short: TextRows },
  tokenizer: Tokenizer | null,
  { settings: { precision } }: Pick<TracedSpec, "settings">,
): Promise<boolean> {
  const latentsOf = async (program: TextProgram, { inputs, rows }: TextRows): Promise<Float32Array> => {
    const filled = Array.from({ length: rows }, (_, row) => at(texts, row % texts.length));
    const latents = (await engine.run(program, textValues(filled, inputs, tokenizer))).get("latent");
    if (latents === undefined) throw new Error("invariant: an encoder of texts gives latents");
    return latents.subarray(0, (latents.length / rows) * Math.min(padded.rows, short.rows));
  };
  const whole = await latentsOf("encode_text", padded);
  const cut = await latentsOf("encode_short_text", short);
  const largest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const tolerance = largest * (precision === "f32" ? 1e-5 : 2 ** -6);
  return whole.every((value, place) => Math.abs(value - at(cut, place)) <= tolerance);
}
