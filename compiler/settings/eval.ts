import type { Diagnostic, File } from "../../grammar/index.ts";
import { type Node, nodesUnder, printType, type TensorType } from "../ir/index.ts";
import { type EvalTask, readTasks } from "./eval-tasks.ts";
import { defaultPrompts, type PromptSides, promptTexts, readPrompts } from "./prompts.ts";
import { SettingReader } from "./reader.ts";
import { defaultThreshold, readThreshold, type ThresholdSetting, unsaidVolumes } from "./threshold.ts";

/** What the `eval` block says, with CT-CLIP's prompts for what it leaves out. */
export interface EvalSettings {
  /** The lets that are the latents of an image and of a text; null when the block does not say. */
  readonly image: string | null;
  readonly text: string | null;
  /** The let that multiplies their cosines before the softmax; null for 1. */
  readonly scale: string | null;
  /** Those of inputs that take prompts, and of zero-shot tasks that have none of their own. */
  readonly prompts: PromptSides;
  readonly classes: readonly string[];
  /** From which score on a class is called present, in tasks that do not say it. */
  readonly threshold: ThresholdSetting;
  /** How often the volumes are drawn anew for intervals; 0 for none. */
  readonly resamples: number;
  readonly resampleBy: ResampleBy;
  /** What is measured; where the block does not say, zero-shot classification if it has what that needs, and else nothing. */
  readonly tasks: readonly EvalTask[];
}

/**
 * What is drawn for intervals: all volumes of a patient, or of a scan, together, each by itself, or those of one value of a column.
 * `known` is by patient where the names of volumes say which is whose.
 */
export type ResampleBy =
  | { readonly kind: "known" | "patient" | "scan" | "volume" }
  | { readonly kind: "column"; readonly name: string };

const defaultResamples = 1000;
export const evalSettingNames = [
  "image",
  "text",
  "scale",
  "prompts",
  "classes",
  "threshold",
  "resamples",
  "resample_by",
  "tasks",
] as const;
type EvalReader = SettingReader<(typeof evalSettingNames)[number]>;

/** Reads the `eval` block of a spec, and reports what it cannot mean; `lets` are the names of the model's lets. */
export function readEvalSettings(
  file: File,
  lets: readonly string[],
): { readonly settings: EvalSettings; readonly diagnostics: readonly Diagnostic[] } {
  const reader = new SettingReader(file, "eval", evalSettingNames);
  const nameOf = (name: "image" | "text" | "scale"): string | null =>
    reader.name(name, lets, "the name of a `let` of the model");
  const classes =
    reader.strings(
      "classes",
      null,
      "a list of different names in quotes, none of them empty",
      (name) => name.trim() !== "",
    ) ?? [];
  const prompts = readPrompts(reader, defaultPrompts);
  if (prompts.present.length + prompts.absent.length > 2) reader.refuse("prompts", "one string for each side");
  const block = {
    image: nameOf("image"),
    text: nameOf("text"),
    scale: nameOf("scale"),
    prompts,
    classes,
    threshold: readThreshold(reader, defaultThreshold),
    resamples: reader.count("resamples", defaultResamples, 0),
    resampleBy: readResampleBy(reader),
  };
  const { tasks, diagnostics } = readTasks(reader, block, lets);
  const unsaid = unsaidVolumes(reader.expression("threshold"));
  return { settings: { ...block, tasks }, diagnostics: [...reader.diagnostics, ...unsaid, ...diagnostics] };
}

function readResampleBy(reader: EvalReader): ResampleBy {
  const value = reader.expression("resample_by");
  if (value === null) return { kind: "known" };
  if (value.kind === "string" && value.value !== "") return { kind: "column", name: value.value };
  const kind = resampleKinds.find((each) => value.kind === "name" && value.text === each);
  if (kind === undefined)
    reader.refuse("resample_by", "`patient`, `scan`, `volume`, or the name of a column in quotes");
  return { kind: kind ?? "known" };
}

const resampleKinds = ["patient", "scan", "volume"] as const;

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
