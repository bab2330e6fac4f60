import { didYouMean, type Expression, type Help } from "../../grammar/index.ts";
import type { EvalSettings } from "./eval.ts";
import { trainingTask, unsetForEvaluation } from "./eval-tasks.ts";
import { type Direction, directionOf, directions, type EvaluationMetric } from "./evaluation-metrics.ts";

export type { EvaluationMetric } from "./evaluation-metrics.ts";

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
export function bestHelp(value: Expression): Help | null {
  if (value.kind === "string") return "leave out the quotes";
  return value.kind === "call" && value.callee.kind === "name" ? didYouMean(value.callee.text, directions) : null;
}

/** By which number the best checkpoint is told: of the scores that a `zero_shot` or `classify` task gives, or of the validation. */
export type BestBy = { readonly name: string; readonly direction: Direction } & (
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
  if (written === null) return isEvaluated ? byScores("mean_auroc", null) : bestByLoss;
  const { name, direction } = written;
  if (isEvaluated && isEvaluationMetric(name)) return byScores(name, direction);
  if (metrics.has(name)) return direction === null ? null : { kind: "validation", name, logged: name, direction };
  const isTotal = name === "loss" && lossNames.length > 0;
  if (!isTotal && !lossNames.includes(name)) return null;
  const logged = isTotal || lossNames.length === 1 ? "loss" : `loss/${name}`;
  return { kind: "validation", name, logged, direction: direction ?? "minimize" };
}

function byScores(metric: EvaluationMetric, direction: Direction | null): BestBy {
  return { kind: "scores", name: metric, metric, direction: direction ?? directionOf[metric] };
}

function isEvaluationMetric(name: string): name is EvaluationMetric {
  return Object.hasOwn(directionOf, name);
}

/** Numbers of retrieval, as one might call them: `recall_5`, `map_at_10`. */
const ofRetrieval = /^(?:recall|map)(?:_at)?_?\d+$/;

/** Why a `keep_best` tells nothing apart. */
export type BestProblem =
  /** It names a number of evaluations, of which there are none. */
  | { readonly kind: "not-evaluated"; readonly why: string }
  /** It names a number of retrieval, which no evaluation during a training has; `instead` is one that they have. */
  | { readonly kind: "only-after"; readonly instead: string | null }
  /** It keeps the worst: of this number the other values are better. */
  | { readonly kind: "worst"; readonly name: string; readonly better: Direction }
  | {
      readonly kind: "wrong";
      readonly expected: string;
      readonly help: Help | null;
      /** All that can be written for it. */
      readonly choices: readonly string[];
    };

/** What is wrong with a `keep_best`: it names no number, or two, or one of which it is not known which values are better. */
export function bestProblem(written: WrittenBest, measured: Measured): BestProblem | null {
  const { evaluation, lossNames, metrics } = measured;
  const { name, direction } = written;
  const isEvaluated = trainingTask(evaluation) !== null;
  const isOfEvaluation = isEvaluationMetric(name);
  const isMetric = metrics.has(name);
  if (isOfEvaluation && isEvaluated && isMetric && direction !== null) {
    const expected = `one number, and \`${name}\` is a metric of the model and a number of evaluations`;
    return { kind: "wrong", expected, help: "give the metric another name", choices: [] };
  }
  const by = bestBy(written, measured);
  if (by?.kind === "scores" && by.direction !== directionOf[by.metric])
    return { kind: "worst", name, better: directionOf[by.metric] };
  if (by !== null) return null;
  if (isMetric) {
    const choices = directed(name);
    const ways = choices.map((each) => `\`${each}\``).join(" or ");
    const expected = `${ways}: a metric does not say which of its values are better`;
    return { kind: "wrong", expected, help: null, choices };
  }
  if (isOfEvaluation && !isEvaluated) return { kind: "not-evaluated", why: whyNotEvaluated(evaluation) };
  const losses = lossNames.length === 0 ? [] : ["loss", ...lossNames];
  if (ofRetrieval.test(name)) return { kind: "only-after", instead: isEvaluated ? "mean_auroc" : (losses[0] ?? null) };
  const names = new Set([...losses, ...metrics.keys(), ...(isEvaluated ? Object.keys(directionOf) : [])]);
  // `f1` is a number of each class: those over all classes are `macro_f1` and others.
  const averages = [...names].filter((each) => each.endsWith(`_${name}`));
  const all = (averages.length > 0 ? averages : [...names]).map((each) => `\`${each}\``).join(", ");
  const help = names.size === 0 ? null : (didYouMean(name, names) ?? `it can be ${all}`);
  const choices = [...names].flatMap((each) =>
    bestBy({ name: each, direction: null }, measured) === null ? directed(each) : each,
  );
  return { kind: "wrong", expected: "a loss, a metric or a number of evaluations", help, choices };
}

/** A number that does not say which of its values are better, with what says it. */
function directed(name: string): readonly string[] {
  return directions.map((direction) => printBest({ name, direction }));
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
