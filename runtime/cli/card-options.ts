import { type Command, Option, type OptionValues } from "@commander-js/extra-typings";
import type { CardOptions } from "../app/export/card.ts";

/** Options for what a model card says besides what an export knows. */
export function addCardOptions<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
) {
  return command
    .addOption(
      new Option("--base-model <name>", "the base model's name on Hugging Face's hub, for the card and PEFT's config"),
    )
    .addOption(
      new Option("--card <file>", "Markdown for the model card: front matter, and sections such as `## Intended use`"),
    )
    .addOption(
      new Option(
        "--results <folder...>",
        "evaluations for the card; of several, the others are compared with the first; default: the training's last",
      ),
    );
}

export interface CardFlags {
  readonly baseModel?: string | undefined;
  readonly card?: string | undefined;
  readonly results?: readonly string[] | true | undefined;
}

/** The same as a use case takes it. */
export function cardOptions(flags: CardFlags): CardOptions {
  const { baseModel = null, card = null, results = [] } = flags;
  return { baseModel, card, results: results === true ? [] : results };
}
