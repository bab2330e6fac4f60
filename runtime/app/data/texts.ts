import type { EvalSettings } from "../../../compiler/index.ts";
import { describeAlike, describeCut, measureTexts, type ReportedExample } from "../../data/index.ts";
import { equalPrompts, promptTexts } from "../../evaluate/index.ts";
import type { Reporter } from "../reporter.ts";
import type { OpenedData } from "./open.ts";

/** Reports which prompts are cut. False, after reporting it, where the text encoder cannot tell two of them apart. */
export function arePromptsUsable(
  settings: EvalSettings,
  { tokenizer, inputs: { length } }: Pick<OpenedData, "tokenizer" | "inputs">,
  reporter: Pick<Reporter, "note" | "problem">,
): boolean {
  const cut = describeCut("prompt", measureTexts(promptTexts(settings), tokenizer, length), length);
  if (cut !== null) reporter.note(cut);
  const equal = equalPrompts(settings, tokenizer, length);
  if (equal !== null) reporter.problem(equal);
  return equal === null;
}

/** Reports which reports are cut, and how many cannot be told apart then. */
export function reportLengths(
  examples: readonly ReportedExample[],
  { tokenizer, inputs: { length } }: Pick<OpenedData, "tokenizer" | "inputs">,
  reporter: Pick<Reporter, "note" | "warning">,
): void {
  const lengths = measureTexts(
    examples.map(({ report }) => report),
    tokenizer,
    length,
  );
  const [cut, alike] = [describeCut("report", lengths, length), describeAlike(lengths, length)];
  if (cut !== null) reporter.note(cut);
  if (alike !== null) reporter.warning(alike);
}
