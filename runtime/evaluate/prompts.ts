import { type PromptSides, promptTexts } from "../../compiler/index.ts";
import type { Tokenizer } from "../data/index.ts";
import type { Problem } from "../text/index.ts";

/** What zero-shot classification says and how it is said. */
export interface Prompts {
  readonly classes: readonly string[];
  readonly prompts: PromptSides;
}

/** What is wrong with prompts of which a text encoder of so many tokens sees no difference: their scores would say nothing. */
export function equalPrompts(prompts: Prompts, tokenizer: Tokenizer, length: number): Problem | null {
  const known = new Map<string, string>();
  for (const text of promptTexts(prompts)) {
    const key = tokenizer.encode(text, length).ids.join();
    const before = known.get(key);
    if (before === undefined) {
      known.set(key, text);
      continue;
    }
    const isCut = [before, text].some((each) => tokenizer.count(each) > length);
    const which = `the prompts "${before}" and "${text}" are the same for the text encoder`;
    return isCut
      ? {
          subject: "",
          message: `${which}: it takes ${length} tokens, and they are cut before they differ`,
          help: "shorten `prompts` or `classes` in the `eval` block, or use a text encoder that takes more tokens",
        }
      : {
          subject: "",
          message: `${which}, which takes ${length} tokens: they differ in nothing that the vocabulary knows`,
          help: "change `prompts` or `classes` in the `eval` block, or pass the encoder's own vocabulary with --vocab",
        };
  }
  return null;
}
