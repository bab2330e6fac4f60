import { type Diagnostic, type File, report, type Span } from "../../grammar/index.ts";
import { type Node, nodesUnder, printType, type TensorType } from "../ir/index.ts";
import { type EvalSettings, evalSettingNames } from "./eval.ts";
import type { ClassifyTask } from "./eval-tasks.ts";
import { type InputSource, promptInputs } from "./inputs.ts";
import { promptTemplates, promptTexts } from "./prompts.ts";
import { SettingReader } from "./reader.ts";

/** A traced model, as an evaluation sees it. */
interface Evaluated {
  /** The lets that are tensors. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Where declared inputs come from. */
  readonly sources: ReadonlyMap<string, InputSource>;
  readonly batch: number;
}

/**
 * Reports the lets that the `eval` block and its tasks name and that are not what these take them for: latents are f32[batch, width],
 * those of texts as wide as those of images, or of all prompts where they are computed from inputs that are these, the scale is one
 * number, and logits are f32[batch, classes] of volumes or images alone.
 */
export function checkEvalSettings(file: File, settings: EvalSettings, model: Evaluated): readonly Diagnostic[] {
  const { outputs, batch } = model;
  const prompts = promptInputs(model.sources);
  const reader = new SettingReader(file, "eval", evalSettingNames);
  const check = (name: "image" | "text" | "scale", expected: string, isRight: (type: TensorType) => boolean): void => {
    const written = settings[name];
    if (written === null) return;
    const type = outputs.get(written)?.type;
    if (type !== undefined && type.dtype === "f32" && isRight(type)) return;
    const help = name === "scale" && type === undefined ? "`full([], 10)` is a tensor of one number" : null;
    reader.refuse(name, expected, undefined, { notes: [whatIs(written, type)], help });
  };
  const [image, text] = [settings.image, settings.text].map((name) => (name === null ? undefined : outputs.get(name)));
  const [ofImage, ofText] = [inputsUnder(image), inputsUnder(text)];
  check("image", `a vector for each row of the batch, f32[${batch}, width]`, ({ shape }) => isLatent(shape, batch));
  const misread = settings.tasks.length === 0 ? [] : notOfFiles(image, model.sources);
  if (misread.length > 0 && !reader.hasRefused("image"))
    reader.refuse("image", ofFilesAlone, undefined, { notes: [`it depends on ${listed(misread)}`] });
  const width = settings.image === null ? undefined : outputs.get(settings.image)?.type.shape[1];
  const same = width === undefined || reader.hasRefused("image") ? "width" : `${width}`;
  const areFixed = [...ofText.keys()].some((name) => prompts.has(name));
  const [rows, each] = areFixed ? [promptTexts(settings).length, "prompt"] : [batch, "row of the batch"];
  check("text", `a vector for each ${each}, as wide as \`image\`: f32[${rows}, ${same}]`, ({ shape }) => {
    return isLatent(shape, rows) && (same === "width" || shape[1] === width);
  });
  const both = [...ofText.keys()].filter((name) => ofImage.has(name));
  if (both.length > 0 && !reader.hasRefused("text") && misread.length === 0) {
    const notes = [`both depend on ${listed(both)}, and the latents of images and of texts are computed apart`];
    reader.refuse("text", "a latent that depends on no input of `image`", undefined, { notes });
  }
  check("scale", "one number, f32[]", ({ shape }) => shape.length === 0);
  const ofTasks = checkTasks(reader, settings, model, areFixed);
  return [...reader.diagnostics, ...ofTasks];
}

function checkTasks(
  reader: SettingReader<"tasks">,
  settings: EvalSettings,
  model: Evaluated,
  areFixed: boolean,
): readonly Diagnostic[] {
  const written = reader.expression("tasks");
  const elements = written?.kind === "list" ? written.elements : [];
  const known = new Set(promptTemplates(settings.prompts));
  return elements.flatMap(({ span }, index): readonly Diagnostic[] => {
    const task = settings.tasks[index];
    if (task?.kind === "classify") checkLogits(task, span, reader, settings, model);
    if (!areFixed) return [];
    if (task?.kind === "retrieval") return [report("without-reports", span, {})];
    if (task?.kind !== "zero_shot") return [];
    const other = promptTemplates(task.prompts).find((prompt) => !known.has(prompt));
    return other === undefined ? [] : [report("other-prompts", span, { prompt: other })];
  });
}

/** The logits of a task are computed beside the latents of images, of the same inputs. */
function checkLogits(
  { logits }: ClassifyTask,
  span: Span,
  reader: SettingReader<"tasks">,
  { classes }: EvalSettings,
  { outputs, sources, batch }: Evaluated,
): void {
  const node = outputs.get(logits);
  const type = node?.type;
  if (type?.dtype !== "f32" || type.shape.join() !== `${batch},${classes.length}`) {
    const expected = `a number of each class for each row of the batch, f32[${batch}, ${classes.length}]`;
    reader.refuse(logits, expected, span, { notes: [whatIs(logits, type)] });
    return;
  }
  const misread = notOfFiles(node, sources);
  if (misread.length === 0) return;
  reader.refuse(logits, ofFilesAlone, span, { notes: [`it depends on ${listed(misread)}`] });
}

const ofFilesAlone = "computed from volumes or images alone: nothing else is read for it";

/** The inputs that a value depends on and that `encode_image` is not given: texts, and what stands in tables. */
function notOfFiles(value: Node | undefined, sources: ReadonlyMap<string, InputSource>): readonly string[] {
  return [...inputsUnder(value)].flatMap(([name, { dtype }]) => {
    const kind = sources.get(name)?.kind;
    const isFile = kind === undefined ? dtype === "f32" : readWithVolumes.has(kind);
    return isFile ? [] : [name];
  });
}

/** What `encode_image` is given. */
const readWithVolumes: ReadonlySet<InputSource["kind"]> = new Set(["volume", "segmentation", "image"]);

function whatIs(name: string, type: TensorType | undefined): string {
  return `\`${name}\` is ${type === undefined ? "not a tensor" : printType(type)}`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function isLatent(shape: readonly number[], rows: number): boolean {
  return shape.length === 2 && shape[0] === rows;
}

/** The inputs that a value depends on, by name. */
function inputsUnder(value: Node | undefined): ReadonlyMap<string, TensorType> {
  const needed = value === undefined ? [] : [...nodesUnder([value])];
  return new Map(
    needed.flatMap(({ operation, type }) => (operation.op === "input" ? [[operation.name, type] as const] : [])),
  );
}
