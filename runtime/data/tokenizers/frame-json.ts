import { quoted } from "../quoted.ts";
import type { Frame, Side } from "./frame.ts";
import { type Fields, fieldsOf, numbered, Refusal, shown, tokenNamed } from "./json-fields.ts";

/** What stands around a text as `post_processor`, `padding` and `truncation` have it. Lengths are left to the caller. */
export function frameIn(file: Fields, numbers: ReadonlyMap<string, number>): Frame {
  const processor = file.get("post_processor") ?? null;
  const around = processor === null ? nothing : aroundOf(fieldsOf(processor, "`post_processor`"), numbers);
  return { ...around, padding: paddingOf(file, numbers), ...sidesOf(file), endsOnce: false };
}

type Around = Pick<Frame, "start" | "end">;
const nothing: Around = { start: [], end: [] };

const expected =
  "supported are TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel and a Sequence with one that adds tokens";

function aroundOf(processor: Fields, numbers: ReadonlyMap<string, number>): Around {
  switch (processor.get("type")) {
    case "ByteLevel":
      return nothing;
    case "RobertaProcessing":
    case "BertProcessing": {
      const [start, end] = ["cls", "sep"].map((name) =>
        numbers.get(numbered(processor.get(name), `post_processor.${name}`, numbers)),
      );
      return { start: [start ?? 0], end: [end ?? 0] };
    }
    case "TemplateProcessing":
      return templateOf(processor, numbers);
    case "Sequence": {
      const processors = processor.get("processors");
      const parts = (Array.isArray(processors) ? processors : []).map((part: unknown) =>
        aroundOf(fieldsOf(part, "an item of `post_processor.processors`"), numbers),
      );
      const adding = parts.filter(({ start, end }) => start.length + end.length > 0);
      const [one, ...others] = adding;
      if (others.length > 0) throw new Refusal("its `post_processor` adds tokens in several steps", expected);
      return one ?? nothing;
    }
    default:
      throw new Refusal(`its \`post_processor\` is ${shown(processor.get("type"))}, which is not supported`, expected);
  }
}

/** `{"single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"ids": [0]}}}` */
function templateOf(processor: Fields, numbers: ReadonlyMap<string, number>): Around {
  const single = processor.get("single");
  const names = (Array.isArray(single) ? single : []).map((item: unknown): string | null => {
    const [kind, fields] = [...fieldsOf(item, "an item of `post_processor.single`")][0] ?? [];
    const id = fieldsOf(fields, "an item of `post_processor.single`").get("id");
    if (kind === "Sequence" && id === "A") return null;
    if (kind === "SpecialToken") return tokenNamed(id, "post_processor.single", numbers);
    throw new Refusal(`its \`post_processor.single\` has ${shown(kind)} ${shown(id)}`, expected);
  });
  const text = names.indexOf(null);
  if (text < 0 || names.lastIndexOf(null) !== text) {
    throw new Refusal("its `post_processor.single` does not have the text once", expected);
  }
  const special = fieldsOf(processor.get("special_tokens") ?? {}, "`post_processor.special_tokens`");
  const ids = (tokens: readonly (string | null)[]): readonly number[] =>
    tokens.flatMap((token) => (token === null ? [] : [specialNumber(token, special, numbers)]));
  return { start: ids(names.slice(0, text)), end: ids(names.slice(text + 1)) };
}

/** What a template puts for a special token, which must be the token's own number. */
function specialNumber(token: string, special: Fields, numbers: ReadonlyMap<string, number>): number {
  const number = numbers.get(token) ?? 0;
  const entry = special.get(token);
  if (entry === undefined) return number;
  const ids = fieldsOf(entry, "`post_processor.special_tokens`").get("ids");
  if (JSON.stringify(ids) === JSON.stringify([number])) return number;
  throw new Refusal(`its \`post_processor.special_tokens\` has a different number for ${quoted(token)}`);
}

/** Tokens that are for padding by their name, where a file does not say what is. */
const namedPadding = ["<pad>", "[PAD]"];

function paddingOf(file: Fields, numbers: ReadonlyMap<string, number>): number | null {
  const padding = file.get("padding") ?? null;
  if (padding === null) {
    const name = namedPadding.find((token) => numbers.has(token));
    return name === undefined ? null : (numbers.get(name) ?? null);
  }
  const fields = fieldsOf(padding, "`padding`");
  const number = numbers.get(tokenNamed(fields.get("pad_token"), "padding.pad_token", numbers)) ?? null;
  if (fields.get("pad_id") === number) return number;
  throw new Refusal("its `padding.pad_id` is not the number of `padding.pad_token`");
}

/** Where padding stands and where texts are cut. */
export function sidesOf(file: Fields): Pick<Frame, "paddingSide" | "cutSide"> {
  const sideOf = (name: string): Side => {
    const part = file.get(name) ?? null;
    const side = part === null ? "Right" : (fieldsOf(part, `\`${name}\``).get("direction") ?? "Right");
    if (side === "Right") return "right";
    if (side === "Left") return "left";
    throw new Refusal(`its \`${name}.direction\` is ${shown(side)}, but \`Left\` or \`Right\` is expected`);
  };
  return { paddingSide: sideOf("padding"), cutSide: sideOf("truncation") };
}
