import type { Expression, Span } from "../../grammar/index.ts";
import type { SettingReader } from "./reader.ts";

/** What is said of a class that is there, and of one that is not, in one way or several; `{class}` stands for its name. */
export interface PromptSides {
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

/** CT-CLIP's. */
export const defaultPrompts: PromptSides = {
  present: ["{class} is present."],
  absent: ["{class} is not present."],
};

/** The prompts of all classes: those of each class in turn, its present ones before its absent ones. */
export function promptTexts({
  classes,
  prompts: { present, absent },
}: {
  readonly classes: readonly string[];
  readonly prompts: PromptSides;
}): readonly string[] {
  const each = [...present, ...absent];
  return classes.flatMap((name) => each.map((prompt) => prompt.replaceAll("{class}", () => name.trim())));
}

const expected = "a list of two, for a present and for an absent class: strings, or lists of strings";
const expectedTexts = "different strings, each with `{class}`";

/** Reads `prompts` of the `eval` block or of one of its tasks. */
export function readPrompts(
  reader: Pick<SettingReader<"prompts">, "expression" | "refuse">,
  otherwise: PromptSides,
): PromptSides {
  const value = reader.expression("prompts");
  if (value === null) return otherwise;
  const [present, absent, ...others] = value.kind === "list" ? value.elements : [];
  if (present === undefined || absent === undefined || others.length > 0) {
    reader.refuse("prompts", expected);
    return otherwise;
  }
  const known = new Map<string, Span>();
  const textsOf = (side: Expression): readonly string[] | null => {
    const elements = side.kind === "list" ? side.elements : [side];
    const texts: string[] = [];
    for (const element of elements) {
      const earlier = element.kind === "string" ? known.get(element.value) : undefined;
      if (element.kind !== "string" || earlier !== undefined || !element.value.includes("{class}")) {
        const labels = earlier === undefined ? [] : [{ span: earlier, message: "the same stands here" }];
        reader.refuse("prompts", expectedTexts, element.span, { labels });
        return null;
      }
      known.set(element.value, element.span);
      texts.push(element.value);
    }
    if (texts.length === 0) reader.refuse("prompts", expected, side.span);
    return texts.length === 0 ? null : texts;
  };
  const ofPresent = textsOf(present);
  const ofAbsent = ofPresent === null ? null : textsOf(absent);
  return ofPresent === null || ofAbsent === null ? otherwise : { present: ofPresent, absent: ofAbsent };
}

/** Prompts as a spec has them. */
export function printPrompts({ present, absent }: PromptSides): string {
  return JSON.stringify([present, absent].map((texts) => (texts.length === 1 ? texts[0] : texts)));
}
