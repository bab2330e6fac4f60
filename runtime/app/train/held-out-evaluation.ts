import {
  type BestBy,
  bestBy,
  bestByLoss,
  type ShortTexts,
  type TracedSpec,
  trainingTask,
} from "../../../compiler/index.ts";
import type { Backend, Engine } from "../../backends/index.ts";
import {
  type EncodedVolumes,
  type HeldOutLoss,
  type KeptEvaluation,
  overallMetrics,
  type StepEvaluation,
  specMetrics,
} from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import { type MeasuredLoss, measureHeldOutLoss, rowsOfEncoded, rowsOfFiles } from "../../train/index.ts";
import type { HeldOutRequest } from "../evaluate/encode-held-out.ts";
import { evaluateTasks } from "../evaluate/evaluate-tasks.ts";
import { shortPromptsOf } from "../evaluate/short-prompts.ts";
import type { Reporter } from "../reporter.ts";
import { encodeRows } from "./encoded-rows.ts";
import type { Sources } from "./sources.ts";
import { type ValidationSet, withEncodedRows } from "./validation-set.ts";

/** What an evaluation during training came to. */
export type HeldOutEvaluation =
  | {
      readonly kind: "evaluated";
      readonly kept: KeptEvaluation;
      readonly evaluation: StepEvaluation;
      readonly skipped: readonly Problem[];
    }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Everything that a training reads, with what saves time in its evaluations. */
export interface EvaluatedSources extends Sources {
  /** What reads prompts, which are short; null where texts are read with their padding. */
  readonly shortTexts: ShortTexts | null;
}

/** Has evaluations encode each volume once, and of prompts no more than their tokens, where a backend can. */
export function onceEncoded(sources: Sources, backend: Backend): EvaluatedSources {
  const { spec, held, reading } = sources;
  const task = held === null ? null : trainingTask(spec.evaluation);
  const shortTexts = task === null ? null : shortPromptsOf(spec, [task], reading, backend);
  return { ...sources, validation: withEncodedRows(sources, backend), shortTexts };
}

/** Evaluates what an engine has learned so far: by prompts, by the loss, or both, as the held-out data allow. */
export async function evaluateSources(
  engine: Engine,
  { spec, held, validation, reading, shared, shortTexts }: EvaluatedSources,
  { skipBad, isStopped }: { readonly skipBad: boolean; readonly isStopped: () => boolean },
  reporter: Reporter,
): Promise<HeldOutEvaluation> {
  const request = { engine, spec, reading, shortTexts, skipBad, isStopped };
  const task = trainingTask(spec.evaluation);
  const found =
    held === null || task === null
      ? null
      : await evaluateTasks({ ...request, dataset: held, tasks: [task], choosing: [] }, reporter);
  if (found !== null && found.kind !== "evaluated") return found;
  const [scored] = (found?.results ?? []).flatMap((result) => (result.kind === "scores" ? [result] : []));
  const measured =
    validation === null
      ? null
      : await measureLoss(
          validation,
          found?.volumes ?? null,
          { ...request, dataset: validation.dataset, shared },
          reporter,
        );
  if (measured !== null && measured.kind !== "measured") return measured;
  if (measured?.loss === null) {
    reporter.progressEnd();
    reporter.note("no validation loss: the held-out volumes that can be read do not fill a batch");
  }
  const kept: KeptEvaluation = { scores: scored?.scores ?? null, loss: measured?.loss ?? null };
  const evaluation: StepEvaluation = { scored: scored?.evaluation ?? null, loss: kept.loss };
  return { kind: "evaluated", kept, evaluation, skipped: [...(found?.skipped ?? []), ...(measured?.skipped ?? [])] };
}

/** The loss of held-out examples; where its programs take encodings, of those that the tasks of classes had. */
async function measureLoss(
  { dataset: { examples }, validation }: ValidationSet,
  evaluated: EncodedVolumes | null,
  request: HeldOutRequest & Pick<Sources, "shared">,
  reporter: Reporter,
): Promise<MeasuredLoss> {
  const { engine, shared, reading, skipBad, isStopped } = request;
  let held = rowsOfFiles(reading.loader, reading.inputs);
  let skipped: readonly Problem[] = [];
  if (validation.encoded !== null) {
    if (evaluated === null) throw new Error("invariant: a loss takes encodings where a task encodes volumes");
    const encoded = await encodeRows(examples, evaluated, request, reporter);
    if (encoded.kind !== "encoded") return encoded;
    held = rowsOfEncoded(encoded.rows, validation.encoded);
    skipped = encoded.skipped;
  }
  const measured = await measureHeldOutLoss(examples, {
    engine,
    validation,
    inputs: reading.inputs,
    shared,
    tokenizer: reading.text?.tokenizer ?? null,
    held,
    skipBad,
    tell: (done) => reporter.progress(`validating ${done} of ${examples.length}`),
    isStopped,
  });
  return measured.kind === "measured" ? { ...measured, skipped: [...skipped, ...measured.skipped] } : measured;
}

/** By which number the best checkpoint is told; where the data do not allow the one that the spec says, by the loss. */
export function bestNumber(
  spec: TracedSpec,
  { held, validation }: Pick<Sources, "held" | "validation">,
  reporter: Reporter,
): BestBy {
  const said = bestBy(spec.settings.keepBest, spec) ?? bestByLoss;
  if (said.kind !== "scores" || held !== null || validation === null) return said;
  reporter.note(`the best checkpoint is told by \`loss\`, since there is no \`${said.name}\` on these data`);
  return bestByLoss;
}

/** Reports the mean AUROC, the loss, and what the best checkpoint is told by where that is another number. */
export function reportEvaluation(step: number, { scored, loss }: StepEvaluation, by: BestBy, reporter: Reporter): void {
  const parts: string[] = [];
  if (scored !== null) {
    const { overall, examples } = scored;
    const shown = overallMetrics.filter(([metric]) => {
      return metric === "meanAuroc" || (by.kind === "scores" && metric === specMetrics[by.metric]);
    });
    const values = shown.map(([metric, title]) => {
      const found = overall[metric];
      return `${title} ${found.value === null ? `undefined (${found.why})` : found.value.toFixed(3)}`;
    });
    const isSame = loss?.examples === examples;
    parts.push(isSame ? values.join(", ") : `${values.join(", ")} on ${heldOut(examples)}`);
  }
  if (loss !== null) parts.push(`${lossValues(loss, by)} on ${heldOut(loss.examples)}`);
  if (parts.length > 0) reporter.info(`step ${step}: ${parts.join(", ")}`);
}

function lossValues({ values }: HeldOutLoss, by: BestBy): string {
  const names = new Set(["loss", ...(by.kind === "validation" ? [by.logged] : [])]);
  return [...names].map((name) => `validation ${name} ${(values.get(name) ?? Number.NaN).toPrecision(4)}`).join(", ");
}

function heldOut(count: number): string {
  return `${count} held-out ${count === 1 ? "volume" : "volumes"}`;
}
