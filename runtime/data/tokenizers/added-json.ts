import { quoted } from "../quoted.ts";
import type { AddedToken } from "./added-tokens.ts";
import { type Fields, fieldsOf, flag, Refusal, shortText } from "./json-fields.ts";

const mostAdded = 1000;
type Trait = "single_word" | "lstrip" | "rstrip" | "normalized";

/** Adds `added_tokens` to the others, and gives them. Those with a trait that a tokenizer does not have are refused. */
export function addTokens(
  file: Fields,
  tokens: string[],
  unsupported: readonly Trait[] = [],
  help: string | null = null,
): readonly AddedToken[] {
  const added = file.get("added_tokens") ?? [];
  if (!Array.isArray(added)) throw new Refusal("its `added_tokens` are not a list");
  if (added.length > mostAdded) throw new Refusal(`it has more than ${mostAdded} added tokens`);
  const numbers = new Map(tokens.map((token, index) => [token, index]));
  return added.map((each: unknown, index) => {
    const part = `added_tokens[${index}]`;
    const fields = fieldsOf(each, `\`${part}\``);
    const content = shortText(fields.get("content"), `${part}.content`);
    const has = (name: Trait): boolean => {
      const value = flag(fields, part, name, false);
      if (value && unsupported.includes(name)) {
        throw new Refusal(`\`${part}\` is \`${name}\`, which is not supported`, help);
      }
      return value;
    };
    const [singleWord, normalized] = [has("single_word"), has("normalized")];
    const [leftBlanks, rightBlanks] = [has("lstrip"), has("rstrip")];
    const id = fields.get("id");
    if (id === tokens.length && !numbers.has(content)) {
      numbers.set(content, tokens.length);
      tokens.push(content);
    }
    if (typeof id !== "number" || tokens[id] !== content) {
      throw new Refusal(`\`${part}\` ${quoted(content)} has a different number in the vocabulary`);
    }
    return { content, id, normalized, singleWord, leftBlanks, rightBlanks };
  });
}
