import { buildProgram, inputsOf, promptTexts, type TracedSpec } from "../../../compiler/index.ts";
import type { Engine } from "../../backends/index.ts";
import { type DataInputs, type Dataset, type LabelledExample, promptValues, textValues } from "../../data/index.ts";
import {
  type EncodedExamples,
  type EncodedPrompts,
  type EncodedVolumes,
  type Encoding,
  eachByItself,
  encodePrompts,
  encodeVolumes,
} from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import type { OpenedData } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";
import { groupsOf } from "./grouping.ts";

/** What is encoded, with what, and who hears of it. */
export interface HeldOutRequest {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  readonly dataset: Dataset<LabelledExample>;
  readonly reading: OpenedData;
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
  const found = await encodeVolumes(examples, {
    engine,
    inputs: encodedInputs(spec, reading.inputs),
    tokenizer: reading.text?.tokenizer ?? null,
    loader: reading.loader,
    rows: spec.settings.microBatch,
    withReports,
    skipBad,
    tell: (count) => reporter.progress(`${doing} ${count} of ${examples.length}`),
    isStopped,
  });
  if (found.kind !== "encoded") return found;
  return { kind: "encoded", volumes: volumesOf(spec, found.encoded), skipped: found.skipped };
}

function volumesOf(
  { evaluation: { classes, resampleBy } }: TracedSpec,
  { examples, images, reports }: EncodedExamples<LabelledExample>,
): EncodedVolumes {
  const known = groupsOf(resampleBy, examples);
  // Of volumes that thresholds are chosen on nothing is drawn.
  const groups = known.kind === "ok" ? known.value : eachByItself(examples.length);
  return {
    names: examples.map(({ name }) => name),
    classes,
    labels: examples.map(({ labels }) => classes.map((name) => labels.get(name) ?? null)),
    groups,
    images: images.get("latent") ?? null,
    reports,
    logits: new Map(),
  };
}

/** Encodes the prompts of all classes; null when it was asked to stop. */
export function encodePromptsOf({
  engine,
  spec,
  reading,
  isStopped,
}: Omit<HeldOutRequest, "dataset">): Promise<EncodedPrompts | null> {
  const { evaluation, settings } = spec;
  const tokenizer = reading.text?.tokenizer ?? null;
  const inputs = encodedInputs(spec, reading.inputs);
  const areFixed = inputs.inputs.some(({ kind }) => kind === "prompts");
  const valuesOf = (texts: readonly string[]) =>
    areFixed ? promptValues(inputs, tokenizer) : textValues(texts, inputs, tokenizer);
  const rows = areFixed ? promptTexts(evaluation).length : settings.microBatch;
  return encodePrompts(engine, evaluation, rows, valuesOf, isStopped);
}

/** Without what the encoders do not read, such as segmentations that only a loss takes. */
function encodedInputs(spec: TracedSpec, { inputs, needs }: DataInputs): DataInputs {
  const programs = (["encode_image", "encode_text"] as const).flatMap((name) => buildProgram(spec, name) ?? []);
  const read = new Set(programs.flatMap((program) => inputsOf(program).map(({ name }) => name)));
  return { inputs: inputs.filter(({ name }) => read.has(name)), needs };
}
