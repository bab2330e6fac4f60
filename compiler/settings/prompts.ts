import { type Call, didYouMean, type Expression, type Span } from "../../grammar/index.ts";
import type { SettingReader } from "./reader.ts";

/** What is said of a class that is there, and of one that is not, in one way or several; `{class}` stands for its name. */
export interface PromptSides {
  readonly present: readonly string[];
  readonly absent: readonly string[];
  /** What is said of single classes instead, as often; absent where all classes have the same. */
  readonly own?: OwnPrompts;
}

type OwnPrompts = ReadonlyMap<string, Pick<PromptSides, "present" | "absent">>;

/** CT-CLIP's. */
export const defaultPrompts: PromptSides = {
  present: ["{class} is present."],
  absent: ["{class} is not present."],
};

/** The prompts of all classes: those of each class in turn, its present ones before its absent ones. */
export function promptTexts({
  classes,
  prompts,
}: {
  readonly classes: readonly string[];
  readonly prompts: PromptSides;
}): readonly string[] {
  return classes.flatMap((name) => {
    const { present, absent } = prompts.own?.get(name) ?? prompts;
    return [...present, ...absent].map((prompt) => prompt.replaceAll("{class}", () => name.trim()));
  });
}

/** All that prompts say, with `{class}` where that stands for a name. */
export function promptTemplates({ present, absent, own }: PromptSides): readonly string[] {
  return [...present, ...absent, ...[...(own?.values() ?? [])].flatMap((each) => [...each.present, ...each.absent])];
}

const expected = "a list of two, for a present and for an absent class: strings, or lists of strings";
const expectedOwn =
  'two sides, and then `for_class("CLASS", present = "...", absent = "...")` of each class with as many prompts of its own';
const expectedTexts = "different strings, each with `{class}`";

/** Reads `prompts` of the `eval` block or of one of its tasks. */
export function readPrompts(
  reader: Pick<SettingReader<"prompts">, "expression" | "refuse">,
  otherwise: PromptSides,
  classes: readonly string[],
): PromptSides {
  const value = reader.expression("prompts");
  if (value === null) return otherwise;
  const [present, absent, ...others] = value.kind === "list" ? value.elements : [];
  if (present === undefined || absent === undefined) {
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
  if (ofPresent === null || ofAbsent === null) return otherwise;
  const general = { present: ofPresent, absent: ofAbsent };
  return others.length === 0 ? general : { ...general, own: readOwn(reader, others, general, classes) };
}

/** Reads what is said of single classes. */
function readOwn(
  reader: Pick<SettingReader<"prompts">, "refuse">,
  elements: readonly Expression[],
  general: PromptSides,
  classes: readonly string[],
): OwnPrompts {
  const own = new Map<string, Pick<PromptSides, "present" | "absent">>();
  for (const element of elements) {
    const call = element.kind === "call" ? ownOf(element) : null;
    const isAlike = (["present", "absent"] as const).every((side) => call?.[side].length === general[side].length);
    if (call === null || !isAlike) {
      reader.refuse("prompts", expectedOwn, element.span);
    } else if (classes.length > 0 && !classes.includes(call.name)) {
      const help = didYouMean(call.name, classes);
      const expected = `about \`classes\`, and \`${call.name}\` is not one of them`;
      reader.refuse("prompts", expected, call.span, { help, choices: classes.map((each) => JSON.stringify(each)) });
    } else if (own.has(call.name)) {
      reader.refuse("prompts", `a list with \`${call.name}\` once`, call.span);
    } else own.set(call.name, { present: call.present, absent: call.absent });
  }
  return own;
}

/** The parts of `for_class(...)`; null where it is none. */
function ownOf({ callee, arguments: given }: Call) {
  const [first, ...sides] = given;
  if (callee.kind !== "name" || callee.text !== "for_class" || first?.name !== null) return null;
  if (first.value.kind !== "string" || sides.some(({ name }) => name?.text !== "present" && name?.text !== "absent"))
    return null;
  const textsOf = (side: "present" | "absent"): readonly string[] => {
    const [written, ...more] = sides.filter(({ name }) => name?.text === side);
    if (written === undefined || more.length > 0) return [];
    const elements = written.value.kind === "list" ? written.value.elements : [written.value];
    const texts = elements.flatMap((each) => (each.kind === "string" && each.value.trim() !== "" ? [each.value] : []));
    return texts.length === elements.length ? texts : [];
  };
  return { name: first.value.value, span: first.span, present: textsOf("present"), absent: textsOf("absent") };
}

/** Prompts as a spec has them. */
export function printPrompts({ present, absent, own }: PromptSides): string {
  const plain = (texts: readonly string[]): string => JSON.stringify(texts.length === 1 ? texts[0] : texts);
  const single = [...(own ?? [])].map(
    ([name, each]) =>
      `for_class(${JSON.stringify(name)}, present = ${plain(each.present)}, absent = ${plain(each.absent)})`,
  );
  return `[${[plain(present), plain(absent), ...single].join(own === undefined ? "," : ", ")}]`;
}
