import { at } from "../at.ts";
import { f1 } from "./metrics/index.ts";
import { type Calls, countSample, rankScores } from "./ranking.ts";

/** How the score from which on a class is called present is chosen for each class. */
export type ThresholdRule =
  /** The largest sum of sensitivity and specificity. */
  | { readonly kind: "youden" }
  /** The largest F1. */
  | { readonly kind: "best_f1" }
  /** The largest threshold of at least this sensitivity. */
  | { readonly kind: "sensitivity"; readonly atLeast: number };

/** The score from which on a class is called present, or how it was chosen, on which volumes. */
export type ThresholdPolicy =
  | { readonly kind: "fixed"; readonly value: number }
  | (ThresholdRule & {
      /** `training`, or in quotes how these volumes are named; null for those that are evaluated, where the numbers come out better than they are. */
      readonly on: string | null;
    });

/** A class's threshold, or why it has none. */
export type Threshold = { readonly value: number } | { readonly value: null; readonly why: string };

/**
 * The threshold of one class by a rule, one of its scores; of equal ones the highest. There is none without an example that has the
 * class, and for Youden's index without one that does not.
 */
export function chooseThreshold(
  rule: ThresholdRule,
  scores: Float64Array,
  labels: readonly (boolean | null)[],
): Threshold {
  if (scores.some((score) => !Number.isFinite(score))) return { value: null, why: "scores are not finite numbers" };
  const ranking = rankScores(scores, labels);
  const all = countSample(ranking, 0, new Int32Array(scores.length).fill(1));
  const { present, absent, presentAt, absentAt } = all;
  if (present === 0) return { value: null, why: `never occurs among ${absent}` };
  if (absent === 0 && rule.kind === "youden") return { value: null, why: `occurs in all ${present}` };
  let best: { readonly worth: number; readonly value: number } | null = null;
  let truePositives = 0;
  let falsePositives = 0;
  for (const [place, value] of ranking.scores.entries()) {
    truePositives += at(presentAt, place);
    falsePositives += at(absentAt, place);
    const worth = worthOf(rule, { present, absent, truePositives, falsePositives });
    if (best === null || worth > best.worth) best = { worth, value };
  }
  if (best === null) throw new Error("invariant: what is labelled has a score");
  return { value: best.value };
}

/** In whole numbers where that is possible: rounding must not choose. */
function worthOf(rule: ThresholdRule, calls: Calls): number {
  const { present, absent, truePositives, falsePositives } = calls;
  switch (rule.kind) {
    case "youden":
      return truePositives * absent - falsePositives * present;
    case "best_f1":
      return f1.of(calls) ?? 0;
    case "sensitivity":
      return Number(truePositives / present >= rule.atLeast);
  }
}

/** How thresholds were chosen, for a line below a table. */
export function printPolicy(policy: ThresholdPolicy): string {
  if (policy.kind === "fixed") return `present from a score of ${policy.value} on`;
  const { on } = policy;
  const others = on === "training" ? "the training volumes" : `the volumes ${on}`;
  const where = on === null ? "the evaluated volumes themselves" : others;
  return `thresholds chosen by ${printRule(policy)} on ${where}`;
}

function printRule(rule: ThresholdRule): string {
  switch (rule.kind) {
    case "youden":
      return "Youden's index";
    case "best_f1":
      return "the best F1";
    case "sensitivity":
      return `a sensitivity of at least ${rule.atLeast}`;
  }
}

/** What a table says whose thresholds fit the numbers that it shows; null for others. */
export function thresholdCaution(policy: ThresholdPolicy): string | null {
  if (policy.kind === "fixed" || policy.on !== null) return null;
  return "thresholds were chosen on the labels that they are measured by: numbers at them are higher than on new volumes";
}
