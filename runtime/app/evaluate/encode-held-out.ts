import {
  buildProgram,
  type EvalTask,
  evaluatedColumns,
  inputsOf,
  labelColumns,
  logitsOutput,
  promptTexts,
  type ShortTexts,
  type TracedSpec,
  type ZeroShotTask,
} from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { Engine } from "../../backends/index.ts";
import {
  type DataInputs,
  type Dataset,
  type Example,
  promptValues,
  textValues,
  tokenInputs,
} from "../../data/index.ts";
import {
  type EncodedExamples,
  type EncodedTexts,
  type EncodedVolumes,
  type Encoding,
  eachByItself,
  encodeTexts,
  encodeVolumes,
  type TextProgram,
} from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import type { OpenedData } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";
import { groupsOf, patientsOf } from "./grouping.ts";
import { isPaddingIdle, promptsOf, shortInputs, type TextRows } from "./short-prompts.ts";

/** What is encoded, with what, and who hears of it. */
export interface HeldOutRequest {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  readonly dataset: Dataset;
  readonly reading: OpenedData;
  /** What the engine has for prompts, which are short; null where it has nothing. */
  readonly shortTexts: ShortTexts | null;
  readonly skipBad: boolean;
  readonly isStopped: () => boolean;
}

export interface EncodeSettings {
  /** What a line of progress says of it. */
  readonly doing: string;
  readonly withReports: boolean;
}

export type HeldOutEncoding =
  | { readonly kind: "encoded"; readonly volumes: EncodedVolumes; readonly skipped: readonly Problem[] }
  | Exclude<Encoding, { readonly kind: "encoded" }>;

/** Encodes the volumes of a data set, each once. */
export async function encodeHeldOut(
  { engine, spec, dataset: { examples }, reading, skipBad, isStopped }: HeldOutRequest,
  { doing, withReports }: EncodeSettings,
  reporter: Reporter,
): Promise<HeldOutEncoding> {
  const inputs = encodedInputs(spec, reading.inputs);
  const found = await encodeVolumes(examples, {
    engine,
    inputs,
    tokenizer: reading.text?.tokenizer ?? null,
    loader: reading.loader,
    rows: spec.settings.microBatch,
    withReports,
    skipBad,
    tell: (count) => reporter.progress(`${doing} ${count} of ${examples.length}`),
    isStopped,
  });
  if (found.kind !== "encoded") return found;
  return { kind: "encoded", volumes: volumesOf(spec, inputs, found.encoded), skipped: found.skipped };
}

function volumesOf(
  { evaluation }: TracedSpec,
  inputs: DataInputs,
  { examples, images, reports }: EncodedExamples,
): EncodedVolumes {
  const known = groupsOf(evaluation.resampleBy, examples);
  const classes = labelColumns(evaluation);
  // Of no volumes, as where none could be read, there are none.
  const outputOf = (name: string) => images.get(name) ?? (examples.length === 0 ? [] : null);
  // Of volumes that thresholds are chosen on nothing is drawn.
  const groups = known.kind === "ok" ? known.value : eachByItself(examples.length);
  const places = tokenInputs(inputs).map(({ text }) => text);
  const reportOf = ({ texts }: Example): string => JSON.stringify(places.map((place) => at(texts, place)));
  return {
    names: examples.map(({ name }) => name),
    classes,
    scored: { classes: evaluation.classes, columns: evaluatedColumns(evaluation) },
    labels: examples.map(({ labels }) => classes.map((name) => labels?.get(name) ?? null)),
    groups,
    patients: patientsOf(evaluation.resampleBy, examples, groups),
    images: outputOf("latent"),
    reports,
    reportTexts: reports === null ? null : examples.map(reportOf),
    logits: new Map(
      evaluation.tasks.flatMap(({ kind, name }) => {
        const logits = kind === "classify" ? outputOf(logitsOutput(name)) : null;
        return logits === null ? [] : [[name, logits] as const];
      }),
    ),
  };
}

/** Encodes the prompts of zero-shot tasks, each once; null where it was asked to stop. */
export async function encodePrompts(
  { engine, spec, reading, shortTexts, isStopped }: Omit<HeldOutRequest, "dataset">,
  tasks: readonly ZeroShotTask[],
): Promise<EncodedTexts | null> {
  const { evaluation, settings } = spec;
  const tokenizer = reading.text?.tokenizer ?? null;
  const inputs = encodedInputs(spec, reading.inputs);
  if (arePromptsFixed(inputs)) {
    const texts = promptTexts(evaluation);
    const inputsOf = () => promptValues(inputs, tokenizer);
    return encodeTexts(engine, { program: "encode_text", texts, rows: texts.length, inputsOf, isStopped });
  }
  const texts = promptsOf(spec, tasks);
  const encodedBy = (program: TextProgram, { inputs: read, rows }: TextRows) =>
    encodeTexts(engine, { program, texts, rows, inputsOf: (some) => textValues(some, read, tokenizer), isStopped });
  const padded = { inputs, rows: settings.microBatch };
  if (shortTexts === null) return encodedBy("encode_text", padded);
  const short = { inputs: shortInputs(shortTexts, inputs), rows: shortTexts.rows };
  const isIdle = await isPaddingIdle(engine, texts, { padded, short }, tokenizer, spec);
  return isIdle ? encodedBy("encode_short_text", short) : encodedBy("encode_text", padded);
}

/** Whether the latents of texts are those of the prompts of the `eval` block, whatever is given. */
export function arePromptsFixed({ inputs }: DataInputs): boolean {
  return inputs.some(({ kind }) => kind === "prompts");
}

/** Whether tasks need the reports of volumes. */
export function needReports(tasks: readonly EvalTask[]): boolean {
  return tasks.some(({ kind }) => kind === "retrieval");
}

/** Without what the encoders do not read, such as segmentations that only a loss takes. */
export function encodedInputs(spec: TracedSpec, { inputs, needs }: DataInputs): DataInputs {
  const programs = (["encode_image", "encode_text"] as const).flatMap((name) => buildProgram(spec, name) ?? []);
  const read = new Set(programs.flatMap((program) => inputsOf(program).map(({ name }) => name)));
  return { inputs: inputs.filter(({ name }) => read.has(name)), needs };
}
