import { didYouMean, type Expression } from "../../grammar/index.ts";
import type { EvalSettings } from "./eval.ts";
import { trainingTask, unsetForEvaluation } from "./eval-tasks.ts";

/** What an evaluation of classes during training gives over all of them; of each the higher is the better. */
export const evaluationMetrics = [
  "mean_auroc",
  "accuracy",
  "macro_f1",
  "micro_f1",
  "macro_precision",
  "micro_precision",
] as const;
export type EvaluationMetric = (typeof evaluationMetrics)[number];

const directions = ["minimize", "maximize"] as const;
export type Direction = (typeof directions)[number];

/** What `keep_best` says: a name, and which values of it are better where that is written. */
export interface WrittenBest {
  readonly name: string;
  readonly direction: Direction | null;
}

/** What is written: a name, or one in a call such as `minimize(loss)`; null for anything else. */
export function writtenBest(value: Expression): WrittenBest | null {
  if (value.kind === "name") return { name: value.text, direction: null };
  if (value.kind !== "call") return null;
  const [argument, ...others] = value.arguments;
  const direction = directions.find((each) => value.callee.kind === "name" && each === value.callee.text);
  if (direction === undefined || argument?.name !== null || others.length > 0) return null;
  return argument.value.kind === "name" ? { name: argument.value.text, direction } : null;
}

/** What may have been meant by what is neither. */
export function bestHelp(value: Expression): string | null {
  if (value.kind === "string") return "leave out the quotes";
  return value.kind === "call" && value.callee.kind === "name" ? didYouMean(value.callee.text, directions) : null;
}

/** By which number of an evaluation during training the best checkpoint is told. */
export type BestBy = {
  readonly name: string;
  readonly direction: Direction;
} & /** A number of the scores of classes. */
(
  | { readonly kind: "scores"; readonly metric: EvaluationMetric }
  /** A number of the validation by the name that it is logged under: `loss`, `loss/contrastive`, or that of a metric. */
  | { readonly kind: "validation"; readonly logged: string }
);

/** The loss on held-out data, which there is for every model that is trained. */
export const bestByLoss: BestBy = { kind: "validation", name: "loss", logged: "loss", direction: "minimize" };

/** The numbers that a model and its `eval` block give. */
export interface Measured {
  readonly evaluation: EvalSettings;
  /** In the order of the losses. */
  readonly lossNames: readonly string[];
  readonly metrics: ReadonlyMap<string, unknown>;
}

/** By which number the best checkpoint is told; null for what names none, or does not say which values are better. */
export function bestBy(written: WrittenBest | null, { evaluation, lossNames, metrics }: Measured): BestBy | null {
  const isEvaluated = trainingTask(evaluation) !== null;
  if (written === null) return isEvaluated ? byScores("mean_auroc", "maximize") : bestByLoss;
  const { name, direction } = written;
  const metric = evaluationMetrics.find((each) => each === name);
  if (isEvaluated && metric !== undefined) return byScores(metric, direction ?? "maximize");
  if (metrics.has(name)) return direction === null ? null : { kind: "validation", name, logged: name, direction };
  const isTotal = name === "loss" && lossNames.length > 0;
  if (!isTotal && !lossNames.includes(name)) return null;
  const logged = isTotal || lossNames.length === 1 ? "loss" : `loss/${name}`;
  return { kind: "validation", name, logged, direction: direction ?? "minimize" };
}

function byScores(metric: EvaluationMetric, direction: Direction): BestBy {
  return { kind: "scores", name: metric, metric, direction };
}

/** Why a `keep_best` tells nothing apart. */
export type BestProblem =
  /** It names a number of evaluations, of which there are none. */
  | { readonly kind: "not-evaluated"; readonly why: string }
  | { readonly kind: "wrong"; readonly expected: string; readonly help: string | null };

/** What is wrong with a `keep_best`: it names no number, or two, or one of which it is not known which values are better. */
export function bestProblem(written: WrittenBest, measured: Measured): BestProblem | null {
  const { evaluation, lossNames, metrics } = measured;
  const { name, direction } = written;
  const isEvaluated = trainingTask(evaluation) !== null;
  const isOfEvaluation = evaluationMetrics.some((each) => each === name);
  const isMetric = metrics.has(name);
  if (isOfEvaluation && isEvaluated && isMetric && direction !== null) {
    const expected = `one number, and \`${name}\` is a metric of the model and a number of evaluations`;
    return { kind: "wrong", expected, help: "give the metric another name" };
  }
  if (bestBy(written, measured) !== null) return null;
  if (isMetric) {
    const ways = directions.map((each) => `\`${each}(${name})\``).join(" or ");
    return { kind: "wrong", expected: `${ways}: a metric does not say which of its values are better`, help: null };
  }
  if (isOfEvaluation && !isEvaluated) return { kind: "not-evaluated", why: whyNotEvaluated(evaluation) };
  const names = new Set([
    ...(lossNames.length === 0 ? [] : ["loss", ...lossNames]),
    ...metrics.keys(),
    ...(isEvaluated ? evaluationMetrics : []),
  ]);
  const all = [...names].map((each) => `\`${each}\``).join(", ");
  const help = names.size === 0 ? null : (didYouMean(name, names) ?? `it can be ${all}`);
  return { kind: "wrong", expected: "a loss, a metric or a number of evaluations", help };
}

function whyNotEvaluated(evaluation: EvalSettings): string {
  const unset = evaluation.tasks.length === 0 ? unsetForEvaluation(evaluation) : null;
  if (unset !== null) return `the \`eval\` block does not set \`${unset}\``;
  return "no task of the `eval` block is `zero_shot` or `classify`";
}

/** `mean_auroc`, `loss`, `maximize(margin)`: as it is written. */
export function printBest({ name, direction }: WrittenBest): string {
  return direction === null ? name : `${direction}(${name})`;
}
