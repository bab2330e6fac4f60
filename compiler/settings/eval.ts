import type { Diagnostic, File } from "../../grammar/index.ts";
import { type Node, nodesUnder, printType, type TensorType } from "../ir/index.ts";
import { SettingReader } from "./reader.ts";

/** What the `eval` block says: zero-shot classification, with CT-CLIP's prompts for what it leaves out. */
export interface EvalSettings {
  /** The lets that are the latents of an image and of a text; null when the block does not say. */
  readonly image: string | null;
  readonly text: string | null;
  /** The let that multiplies their cosines before the softmax; null for 1. */
  readonly scale: string | null;
  /** For a class that is there, and for one that is not; `{class}` stands for its name. */
  readonly prompts: readonly [present: string, absent: string];
  readonly classes: readonly string[];
}

/** The setting that zero-shot evaluation lacks; null where it has what it needs. */
export function unsetForEvaluation({ image, text, classes }: EvalSettings): "image" | "text" | "classes" | null {
  return image === null ? "image" : text === null ? "text" : classes.length === 0 ? "classes" : null;
}

/** The prompts of all classes, of which each class has two in turn. */
export function promptTexts({ classes, prompts }: Pick<EvalSettings, "classes" | "prompts">): readonly string[] {
  return classes.flatMap((name) => prompts.map((prompt) => prompt.replaceAll("{class}", () => name.trim())));
}

const defaultPrompts = ["{class} is present.", "{class} is not present."] as const;
export const evalSettingNames = ["image", "text", "scale", "prompts", "classes"] as const;

/** Reads the `eval` block of a spec, and reports what it cannot mean; `lets` are the names of the model's lets. */
export function readEvalSettings(
  file: File,
  lets: readonly string[],
): { readonly settings: EvalSettings; readonly diagnostics: readonly Diagnostic[] } {
  const reader = new SettingReader(file, "eval", evalSettingNames);
  const nameOf = (name: "image" | "text" | "scale"): string | null =>
    reader.name(name, lets, "the name of a `let` of the model");
  const prompts = reader.strings("prompts", 2, "a list of two different strings, each with `{class}`", (text) =>
    text.includes("{class}"),
  );
  const classes =
    reader.strings(
      "classes",
      null,
      "a list of different names in quotes, none of them empty",
      (name) => name.trim() !== "",
    ) ?? [];
  const [present, absent] = prompts ?? defaultPrompts;
  const settings: EvalSettings = {
    image: nameOf("image"),
    text: nameOf("text"),
    scale: nameOf("scale"),
    prompts: [present ?? defaultPrompts[0], absent ?? defaultPrompts[1]],
    classes,
  };
  return { settings, diagnostics: reader.diagnostics };
}

/**
 * Reports the lets that the `eval` block names and that are not what it takes them for: latents are f32[batch, width], those
 * of texts as wide as those of images, or of all prompts where they are computed from inputs that are these, and the scale is one
 * number. `outputs` are the lets that are tensors, `prompts` the inputs that take prompts.
 */
export function checkEvalSettings(
  file: File,
  settings: EvalSettings,
  outputs: ReadonlyMap<string, Node>,
  prompts: ReadonlySet<string>,
  batch: number,
): readonly Diagnostic[] {
  const reader = new SettingReader(file, "eval", evalSettingNames);
  const check = (name: "image" | "text" | "scale", expected: string, isRight: (type: TensorType) => boolean): void => {
    const written = settings[name];
    if (written === null) return;
    const type = outputs.get(written)?.type;
    if (type !== undefined && type.dtype === "f32" && isRight(type)) return;
    const notes = [`\`${written}\` is ${type === undefined ? "not a tensor" : printType(type)}`];
    const help = name === "scale" && type === undefined ? "`full([], 10)` is a tensor of one number" : null;
    reader.refuse(name, expected, undefined, { notes, help });
  };
  const [image, text] = [settings.image, settings.text].map((name) => (name === null ? undefined : outputs.get(name)));
  const [ofImage, ofText] = [inputsUnder(image), inputsUnder(text)];
  check("image", `a vector for each row of the batch, f32[${batch}, width]`, ({ shape }) => isLatent(shape, batch));
  const width = settings.image === null ? undefined : outputs.get(settings.image)?.type.shape[1];
  const same = width === undefined || reader.hasRefused("image") ? "width" : `${width}`;
  const areFixed = [...ofText].some((name) => prompts.has(name));
  const [rows, each] = areFixed ? [promptTexts(settings).length, "prompt"] : [batch, "row of the batch"];
  check("text", `a vector for each ${each}, as wide as \`image\`: f32[${rows}, ${same}]`, ({ shape }) => {
    return isLatent(shape, rows) && (same === "width" || shape[1] === width);
  });
  const both = [...ofText].filter((name) => ofImage.has(name));
  if (both.length > 0 && !reader.hasRefused("text")) {
    const names = both.map((name) => `\`${name}\``).join(", ");
    const notes = [`both depend on ${names}, and the latents of images and of texts are computed apart`];
    reader.refuse("text", "a latent that depends on no input of `image`", undefined, { notes });
  }
  check("scale", "one number, f32[]", ({ shape }) => shape.length === 0);
  return reader.diagnostics;
}

function isLatent(shape: readonly number[], rows: number): boolean {
  return shape.length === 2 && shape[0] === rows;
}

/** The names of the inputs that a value depends on. */
function inputsUnder(value: Node | undefined): ReadonlySet<string> {
  const needed = value === undefined ? [] : [...nodesUnder([value])];
  return new Set(needed.flatMap(({ operation }) => (operation.op === "input" ? [operation.name] : [])));
}
