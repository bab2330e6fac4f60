import { type EvalSettings, promptTexts } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  type DataInputs,
  describeAlike,
  describeCut,
  type Example,
  measureTexts,
  type Tokenizer,
  textTables,
  tokenInputs,
} from "../../data/index.ts";
import { equalPrompts } from "../../evaluate/index.ts";
import type { Reporter } from "../reporter.ts";
import type { OpenedData } from "./open.ts";

/** Reports which prompts are cut. False, after reporting it, where the text encoder cannot tell two of them apart. */
export function arePromptsUsable(
  settings: EvalSettings,
  tokenizer: Tokenizer,
  inputs: DataInputs,
  reporter: Pick<Reporter, "note" | "problem">,
): boolean {
  const length = Math.max(...textTables(inputs).map((input) => input.length));
  const cut = describeCut("prompt", measureTexts(promptTexts(settings), tokenizer, length), length);
  if (cut !== null) reporter.note(cut);
  const equal = equalPrompts(settings, tokenizer, length);
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
  for (const { text: place, length } of tokenInputs(inputs)) {
    const lengths = measureTexts(
      examples.map(({ texts }) => at(texts, place)),
      text.tokenizer,
      length,
    );
    const [cut, alike] = [describeCut("report", lengths, length), describeAlike(lengths, length)];
    if (cut !== null) reporter.note(cut);
    if (alike !== null) reporter.warning(alike);
  }
}
