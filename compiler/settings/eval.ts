import { type Diagnostic, didYouMean, type File, report } from "../../grammar/index.ts";
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

const defaultPrompts = ["{class} is present.", "{class} is not present."] as const;
const settingNames = ["image", "text", "scale", "prompts", "classes"];

/** Reads the `eval` block of a spec, and reports what it cannot mean; `lets` are the names of the model's lets. */
export function readEvalSettings(
  file: File,
  lets: readonly string[],
): { readonly settings: EvalSettings; readonly diagnostics: readonly Diagnostic[] } {
  const reader = new SettingReader(file, "eval", settingNames);
  const unknown: Diagnostic[] = [];
  const latent = (name: string): string | null => {
    const found = reader.name(name);
    if (found === null || lets.includes(found.text)) return found?.text ?? null;
    const help = didYouMean(found.text, lets) ?? `its lets are ${lets.join(", ")}`;
    unknown.push(report("bad-setting", found.span, { name, expected: "the name of a `let` of the model" }, { help }));
    return null;
  };
  const [present, absent] =
    reader.strings("prompts", "two different strings, each with `{class}`", (strings) => {
      return strings.length === 2 && strings.every((text) => text.includes("{class}"));
    }) ?? defaultPrompts;
  const classes = reader.strings("classes", "a list of different names", (names) => !names.includes("")) ?? [];
  const settings: EvalSettings = {
    image: latent("image"),
    text: latent("text"),
    scale: latent("scale"),
    prompts: [present ?? defaultPrompts[0], absent ?? defaultPrompts[1]],
    classes,
  };
  return { settings, diagnostics: [...reader.diagnostics, ...unknown] };
}
