import { type EvalSettings, type EvalTask, promptTexts } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  type DataInputs,
  describeAlike,
  describeCut,
  describeMisread,
  type Example,
  measureTexts,
  type Tokenizer,
  textTables,
  tokenInputs,
} from "../../data/index.ts";
import { equalPrompts, type Prompts } from "../../evaluate/index.ts";
import type { Reporter } from "../reporter.ts";
import type { OpenedData } from "./open.ts";

/** What is said of classes: by zero-shot tasks, and to inputs that take the prompts of the `eval` block. */
export function saidPrompts(
  tasks: readonly EvalTask[],
  { classes, prompts }: Pick<EvalSettings, "classes" | "prompts">,
  { inputs }: Pick<DataInputs, "inputs">,
): readonly Prompts[] {
  const ofTasks = tasks.flatMap((task) => (task.kind === "zero_shot" ? [{ classes, prompts: task.prompts }] : []));
  return inputs.some(({ kind }) => kind === "prompts") ? [{ classes, prompts }, ...ofTasks] : ofTasks;
}

/** Reports which prompts are cut. False, after reporting it, where the text encoder cannot tell two apart that belong together. */
export function arePromptsUsable(
  said: readonly Prompts[],
  tokenizer: Tokenizer,
  inputs: DataInputs,
  reporter: Pick<Reporter, "note" | "problem">,
): boolean {
  const lengths = textTables(inputs).map((input) => input.length);
  if (said.length === 0 || lengths.length === 0) return true;
  const length = Math.max(...lengths);
  const texts = [...new Set(said.flatMap(promptTexts))];
  const cut = describeCut("prompt", measureTexts(texts, tokenizer, length), length);
  if (cut !== null) reporter.note(cut);
  const equal = said.map((each) => equalPrompts(each, tokenizer, length)).find((each) => each !== null) ?? null;
  if (equal !== null) reporter.problem(equal);
  return equal === null;
}

/** Reports which texts are cut, and how many cannot be told apart then. */
export function reportLengths(
  examples: readonly Example[],
  { text, inputs }: Pick<OpenedData, "text" | "inputs">,
  reporter: Pick<Reporter, "note" | "warning">,
): void {
  if (text === null) return;
  for (const { text: place, length, settings } of tokenInputs(inputs)) {
    const said = examples.map(({ texts }) => at(texts, place));
    const misread = settings.clean === "captions" ? describeMisread(said) : null;
    if (misread !== null) reporter.warning(misread);
    const lengths = measureTexts(said, text.tokenizer, length);
    const [cut, alike] = [describeCut("report", lengths, length), describeAlike(lengths, length)];
    if (cut !== null) reporter.note(cut);
    if (alike !== null) reporter.warning(alike);
  }
}
