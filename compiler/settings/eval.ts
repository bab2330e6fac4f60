import { type Diagnostic, type Expression, type File, report } from "../../grammar/index.ts";
import { type Node, nodesUnder, printType, type TensorType } from "../ir/index.ts";
import { literal } from "./literals.ts";
import type { NamedCall, Range } from "./named-call.ts";
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
  /** From which score on a class is called present. */
  readonly threshold: ThresholdSetting;
  /** How often the volumes are drawn anew for intervals; 0 for none. */
  readonly resamples: number;
  readonly resampleBy: ResampleBy;
}

/** The setting that zero-shot evaluation lacks; null where it has what it needs. */
export function unsetForEvaluation({ image, text, classes }: EvalSettings): "image" | "text" | "classes" | null {
  return image === null ? "image" : text === null ? "text" : classes.length === 0 ? "classes" : null;
}

/** The prompts of all classes, of which each class has two in turn. */
export function promptTexts({ classes, prompts }: Pick<EvalSettings, "classes" | "prompts">): readonly string[] {
  return classes.flatMap((name) => prompts.map((prompt) => prompt.replaceAll("{class}", () => name.trim())));
}

/** A score, or how one is chosen for each class, and on which volumes. */
export type ThresholdSetting =
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "youden" | "best_f1"; readonly on: ThresholdVolumes }
  | { readonly kind: "sensitivity"; readonly atLeast: number; readonly on: ThresholdVolumes };

/** Volumes to choose thresholds on: those to train on, those that are evaluated, or those that are named as `valid` names volumes. */
export type ThresholdVolumes =
  | { readonly kind: "training" }
  | { readonly kind: "evaluated" }
  | { readonly kind: "named"; readonly name: string };

/**
 * What is drawn for intervals: all volumes of a patient, or of a scan, together, each by itself, or those of one value of a column.
 * `known` is by patient where the names of volumes say which is whose.
 */
export type ResampleBy =
  | { readonly kind: "known" | "patient" | "scan" | "volume" }
  | { readonly kind: "column"; readonly name: string };

const defaultPrompts = ["{class} is present.", "{class} is not present."] as const;
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
    threshold: readThreshold(reader),
    resamples: reader.count("resamples", defaultResamples, 0),
    resampleBy: readResampleBy(reader),
  };
  return { settings, diagnostics: [...reader.diagnostics, ...unsaidVolumes(reader.expression("threshold"))] };
}

/** Reports a threshold that is chosen and does not say on which volumes. */
function unsaidVolumes(threshold: Expression | null): readonly Diagnostic[] {
  const callee = threshold?.kind === "call" ? threshold.callee : threshold;
  const rule = thresholdRules.find((each) => callee?.kind === "name" && callee.text === each);
  const call = threshold?.kind === "call" ? threshold : null;
  if (threshold === null || rule === undefined || isGiven({ name: rule, call }, "on")) return [];
  return [report("threshold-volumes", threshold.span, { rule })];
}

const thresholdRules = ["youden", "best_f1", "sensitivity"] as const;
const fixedThreshold = { kind: "fixed", value: 0.5 } as const;
const score: Range = { of: "a number from 0 to 1", holds: (value) => value >= 0 && value <= 1 };
const sensitivity: Range = { of: "a number above 0, 1 at most", holds: (value) => value > 0 && value <= 1 };

function readThreshold(reader: EvalReader): ThresholdSetting {
  const value = reader.expression("threshold");
  if (value === null) return fixedThreshold;
  const expected = "a number from 0 to 1, `youden(...)`, `best_f1(...)` or `sensitivity(...)`";
  const number = literal(value);
  if (number !== null) {
    if (score.holds(number)) return { kind: "fixed", value: number };
    reader.refuse("threshold", expected);
    return fixedThreshold;
  }
  const call = reader.call("threshold", thresholdRules, expected);
  const kind = thresholdRules.find((rule) => rule === call.name);
  if (kind === undefined) return fixedThreshold;
  reader.known(call, kind === "sensitivity" ? ["at_least", "on"] : ["on"]);
  const on = readVolumes(reader, call);
  if (on === null) return fixedThreshold;
  if (kind !== "sensitivity") return { kind, on };
  const atLeast = reader.argument(call, "at_least", 0, sensitivity);
  if (!isGiven(call, "at_least"))
    reader.refuse("threshold", "given what sensitivity it needs, such as `at_least = 0.9`");
  return { kind, atLeast, on };
}

/** Null where nothing says it, and after reporting what is wrong with it. */
function readVolumes(reader: EvalReader, call: NamedCall): ThresholdVolumes | null {
  return reader.read(call, "on", '`training`, `evaluated`, or what volumes are named by, such as `"val_"`', (value) => {
    if (value.kind === "string" && value.value !== "") return { kind: "named", name: value.value };
    if (value.kind !== "name" || (value.text !== "training" && value.text !== "evaluated")) return null;
    return { kind: value.text };
  });
}

function isGiven({ call }: NamedCall, name: string): boolean {
  return call?.arguments.some((argument) => argument.name?.text === name) ?? false;
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

/** A threshold as a spec has it. */
export function printThreshold(threshold: ThresholdSetting): string {
  if (threshold.kind === "fixed") return String(threshold.value);
  const on = threshold.on.kind === "named" ? JSON.stringify(threshold.on.name) : threshold.on.kind;
  const least = threshold.kind === "sensitivity" ? `at_least = ${threshold.atLeast}, ` : "";
  return `${threshold.kind}(${least}on = ${on})`;
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
