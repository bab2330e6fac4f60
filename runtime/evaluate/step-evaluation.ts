import * as v from "valibot";
import type { BestBy } from "../../compiler/index.ts";
import { readOwnJson } from "../json/index.ts";
import { decodeScores, type KeptScores, scoreEntries } from "./kept-scores.ts";
import { specMetrics } from "./metrics/index.ts";
import { type Evaluation, evaluateScores } from "./results.ts";

/** The loss on held-out examples, and what is logged beside it. */
export interface HeldOutLoss {
  /** How many examples it is of. */
  readonly examples: number;
  /** By the names that they are logged under: `loss`, `loss/contrastive`, metrics. What is no finite number is NaN. */
  readonly values: ReadonlyMap<string, number>;
}

/** What an evaluation during training came to: scores of classes, the loss, or both. */
export interface StepEvaluation {
  readonly scored: Evaluation | null;
  readonly loss: HeldOutLoss | null;
}

/** What it can be made of again. */
export interface KeptEvaluation {
  readonly scores: KeptScores | null;
  readonly loss: HeldOutLoss | null;
}

/** What was measured, of what is kept of it. */
export function evaluationOf({ scores, loss }: KeptEvaluation): StepEvaluation {
  return { scored: scores === null ? null : evaluateScores(scores), loss };
}

/** The number by which the best checkpoint is told; null where the evaluation does not have it. */
export function numberOf({ scored, loss }: StepEvaluation, by: BestBy): number | null {
  switch (by.kind) {
    case "scores":
      return scored?.overall[specMetrics[by.metric]].value ?? null;
    case "validation":
      return loss?.values.get(by.logged) ?? null;
  }
}

/** Whether a number is better than another, or than none; what is no finite number is not. */
export function isBetter(number: number, than: number | null, { direction }: BestBy): boolean {
  if (!Number.isFinite(number)) return false;
  return than === null || (direction === "minimize" ? number < than : number > than);
}

/** The numbers of an evaluation by their tags in a log: `valid/meanAuroc`, `valid/auroc/Emphysema`, `valid/loss`. */
export function loggedValues({ scored, loss }: StepEvaluation): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const [name, metric] of Object.entries(scored?.overall ?? {}))
    if (metric.value !== null) values.set(`valid/${name}`, metric.value);
  for (const { name, metrics } of scored?.classes ?? []) {
    if (metrics.auroc.value !== null) values.set(`valid/auroc/${name}`, metrics.auroc.value);
  }
  // A metric of the model may be called `accuracy`, too.
  const measured = [...(loss?.values ?? [])].map(([name, value]) => {
    return [values.has(`valid/${name}`) ? `valid/metric/${name}` : `valid/${name}`, value] as const;
  });
  return new Map([...values, ...measured]);
}

/** An evaluation as a JSON text: scores as `encodeScores` has them, and `validation` for the loss. */
export function encodeStepEvaluation({ scores, loss }: KeptEvaluation): string {
  const entries = [
    ...(scores === null ? [] : [scoreEntries(scores)]),
    ...(loss === null ? [] : [`  "validation": ${JSON.stringify({ ...loss, values: [...loss.values] })}`]),
  ];
  return `{\n${entries.join(",\n")}\n}\n`;
}

/** JSON has null for what is no number. */
const number = v.nullable(v.number());
const withLoss = v.object({
  validation: v.object({
    examples: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    values: v.array(v.strictTuple([v.string(), number])),
  }),
});

/** Reads such a text again; null for one that has neither. */
export function decodeStepEvaluation(text: string): KeptEvaluation | null {
  const scores = decodeScores(text);
  const read = readOwnJson(text, withLoss)?.validation ?? null;
  if (scores === null && read === null) return null;
  const values = read?.values.map(([name, value]) => [name, value ?? Number.NaN] as const);
  return { scores, loss: read === null ? null : { examples: read.examples, values: new Map(values) } };
}
