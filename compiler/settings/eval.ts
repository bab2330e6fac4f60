import type { Diagnostic, File } from "../../grammar/index.ts";
import { type EvalColumn, readColumns } from "./eval-columns.ts";
import { type EvalTask, readTasks } from "./eval-tasks.ts";
import { defaultPrompts, type PromptSides, readPrompts } from "./prompts.ts";
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
  /** The columns of labels, where they are not those of the classes. */
  readonly columns: readonly EvalColumn[] | null;
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
  "columns",
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
  const { columns, diagnostics: ofColumns } = readColumns(reader, classes);
  const prompts = readPrompts(reader, defaultPrompts, classes);
  const block = {
    image: nameOf("image"),
    text: nameOf("text"),
    scale: nameOf("scale"),
    prompts,
    classes,
    columns,
    threshold: readThreshold(reader, defaultThreshold),
    resamples: reader.count("resamples", defaultResamples, 0),
    resampleBy: readResampleBy(reader),
  };
  const { tasks, diagnostics } = readTasks(reader, block, lets);
  const unsaid = unsaidVolumes(reader.expression("threshold"));
  return {
    settings: { ...block, tasks },
    diagnostics: [...reader.diagnostics, ...ofColumns, ...unsaid, ...diagnostics],
  };
}

function readResampleBy(reader: EvalReader): ResampleBy {
  const value = reader.expression("resample_by");
  if (value === null) return { kind: "known" };
  if (value.kind === "string" && value.value !== "") return { kind: "column", name: value.value };
  const kind = resampleKinds.find((each) => value.kind === "name" && value.text === each);
  if (kind === undefined)
    reader.refuse("resample_by", "`patient`, `scan`, `volume`, or the name of a column in quotes", undefined, {
      choices: resampleKinds,
    });
  return { kind: kind ?? "known" };
}

const resampleKinds = ["patient", "scan", "volume"] as const;
