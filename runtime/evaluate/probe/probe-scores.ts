import { setImmediate as letOthersRun } from "node:timers/promises";
import { at } from "../../at.ts";
import type { Groups } from "../groups.ts";
import { fittingSet, type Labels } from "./fitting-set.ts";
import { foldsOf } from "./folds.ts";
import type { Coefficients } from "./logistic.ts";
import type { Features } from "./standardise.ts";

/** Frozen latents that a linear probe is fitted on. */
export interface ProbedExamples {
  /** [examples][width]. */
  readonly latents: readonly Float32Array[];
  readonly labels: Labels;
  /** Which examples stay in one fold: those of a patient. */
  readonly groups: Groups;
}

export interface ProbeSettings {
  /** At least 3; 2 are enough for a single strength. */
  readonly folds: number;
  /** Strengths of the penalty that are tried, each more than 0: scikit-learn's 1 / C. */
  readonly strengths: readonly number[];
}

export interface ProbeScores {
  /** [examples][classes]: the probability of each class by a probe that saw no example of the fold; NaN where a class is unscored. */
  readonly scores: readonly Float64Array[];
  readonly classes: readonly ProbedClass[];
  /** For each example the fold that holds it out, from 0. */
  readonly folds: Int32Array;
}

/** Hears how far probes are, and says whether to stop. */
export interface ProbeWatch {
  /** How many probes are fitted, of how many in all. */
  readonly tell: (done: number, total: number) => void;
  readonly isStopped: () => boolean;
}

/** The strength that was chosen for each fold, or why a class has no scores. */
export type ProbedClass =
  | { readonly kind: "scored"; readonly strengths: readonly number[] }
  | { readonly kind: "unscored"; readonly why: string };

/** How far losses are from the least: in probes that score, and in those that only choose a strength, which are told apart long before. */
const exactly = 1e-20;
const enoughToChoose = 1e-6;

/**
 * Scores by logistic regression on frozen latents, for each class by itself. A fold of groups is scored by a probe that was fitted on
 * the others. Its strength is chosen on these others alone, by probes that leave out one of them as well: the one with the least sum of
 * log losses on what was left out, of equal ones the strongest. Unlike an AUROC the log loss is there in a fold without an example of
 * the class, and it asks for good probabilities, which is what scores are read as. Features are standardised by the examples that a
 * probe is fitted on; examples without a label for the class take no part in fitting and choosing, and are scored like others.
 *
 * 3,000 examples of 512 numbers with 18 classes and the usual settings take most of a minute. Between two fits signals are heard;
 * "stopped" where the watch says so. The order of examples changes no bit. Throws when latents, labels and groups do not belong to each
 * other in number, or there are too few folds.
 */
export async function probeScores(
  probed: ProbedExamples,
  { folds, strengths }: ProbeSettings,
  watch: ProbeWatch,
): Promise<ProbeScores | "stopped"> {
  const { latents, labels, groups } = probed;
  const examples = latents.length;
  if (labels.length !== examples || groups.of.length !== examples)
    throw new Error("each example needs labels and a group");
  if (strengths.length === 0 || folds < (strengths.length > 1 ? 3 : 2)) throw new Error("too few folds or strengths");
  const foldOf = foldsOf(groups, folds);
  const order = orderOf(probed);
  const without = (...held: readonly number[]) => order.filter((example) => !held.includes(at(foldOf, example)));
  const within = (fold: number) => order.filter((example) => at(foldOf, example) === fold);
  const all = [...Array(folds).keys()];
  const pairs =
    strengths.length === 1 ? [] : all.flatMap((one) => all.slice(one + 1).map((other) => [one, other] as const));

  const sets = [...all.map((fold) => without(fold)), ...pairs.map((pair) => without(...pair))];
  const broken = latents.filter((latent) => !latent.every(Number.isFinite)).length;
  const reasons = Array.from(labels[0] ?? [], (_, index) => {
    if (broken > 0) return `latents of ${broken} of ${examples} images are not finite numbers`;
    return sets.every((rows) => hasBoth(labels, rows, index)) ? null : whyTooFew(probed, index, folds);
  });
  const scored = [...reasons.keys()].filter((index) => reasons[index] === null);

  const total = scored.length * (pairs.length * strengths.length + folds);
  let fitted = 0;
  const hasToStop = async (): Promise<boolean> => {
    watch.tell(++fitted, total);
    await letOthersRun();
    return watch.isStopped();
  };

  const features = featuresOf(latents);
  const zeros = new Float64Array(features.width + 1);
  const falling = [...strengths].sort((a, b) => b - a);
  /** By class, strength and fold: the losses of probes that saw nothing of the fold, on the other folds that they left out. */
  const losses = reasons.map(() => falling.map(() => new Float64Array(folds)));
  for (const [one, other] of scored.length === 0 ? [] : pairs) {
    const set = fittingSet(features, labels, without(one, other));
    // What is left out of one's fitting chooses for the other.
    const left = [
      { chooses: other, examples: set.others(within(one)) },
      { chooses: one, examples: set.others(within(other)) },
    ];
    for (const index of scored) {
      // From the strongest on: each fit starts near its end.
      let coefficients: Coefficients = zeros;
      for (const [place, strength] of falling.entries()) {
        coefficients = set.fit(index, strength, enoughToChoose, coefficients);
        const sums = at(at(losses, index), place);
        for (const { chooses, examples: own } of left) {
          sums[chooses] = at(sums, chooses) + own.lossOf(index, coefficients);
        }
        if (await hasToStop()) return "stopped";
      }
    }
  }

  const scores = latents.map(() => new Float64Array(reasons.length).fill(NaN));
  const chosen = reasons.map(() => new Float64Array(folds));
  for (const fold of scored.length === 0 ? [] : all) {
    const set = fittingSet(features, labels, without(fold));
    const left = set.others(within(fold));
    for (const index of scored) {
      const strength = strongestOfBest(falling, at(losses, index), fold);
      at(chosen, index)[fold] = strength;
      const probabilities = left.probabilities(set.fit(index, strength, exactly, zeros));
      for (const [row, example] of left.examples.entries()) at(scores, example)[index] = at(probabilities, row);
      if (await hasToStop()) return "stopped";
    }
  }
  const classes = reasons.map((why, index): ProbedClass => {
    return why === null ? { kind: "scored", strengths: [...at(chosen, index)] } : { kind: "unscored", why };
  });
  return { scores, classes, folds: foldOf };
}

/** Examples by group, then by latents and labels: sums over them are the same however they came. */
function orderOf({ latents, labels, groups }: ProbedExamples): Int32Array {
  const compare = (a: number, b: number): number => {
    const byGroup = at(groups.of, a) - at(groups.of, b);
    if (byGroup !== 0) return byGroup;
    const [ofA, ofB] = [at(latents, a), at(latents, b)];
    const place = ofA.findIndex((value, index) => value !== ofB[index]);
    if (place >= 0) return at(ofA, place) - at(ofB, place);
    const [labelsA, labelsB] = [at(labels, a), at(labels, b)];
    const index = labelsA.findIndex((label, column) => label !== labelsB[column]);
    return index < 0 ? 0 : Number(labelsA[index] ?? -1) - Number(labelsB[index] ?? -1);
  };
  return Int32Array.from(latents.keys()).sort(compare);
}

function featuresOf(latents: readonly Float32Array[]): Features {
  const width = latents[0]?.length ?? 0;
  const values = new Float64Array(latents.length * width);
  for (const [row, latent] of latents.entries()) {
    if (latent.length !== width) throw new Error("latents need the same width");
    values.set(latent, row * width);
  }
  return { values, width };
}

function hasBoth(labels: Labels, examples: Int32Array, index: number): boolean {
  const has = (label: boolean): boolean => examples.some((example) => at(at(labels, example), index) === label);
  return has(true) && has(false);
}

function whyTooFew({ labels, groups }: ProbedExamples, index: number, folds: number): string {
  const groupsWith = (label: boolean) =>
    new Set(groups.of.filter((_, example) => at(at(labels, example), index) === label)).size;
  const [present, absent] = [groupsWith(true), groupsWith(false)];
  if (present + absent === 0) return "no example has a label for it";
  const grouped = ["patient", "scan", "volume"].includes(groups.by) ? `${groups.by}s` : "groups";
  const rare = present <= absent ? `present in ${present}` : `absent in ${absent}`;
  return `${rare} of ${groups.count} ${grouped}, too few for ${folds} folds`;
}

/** Of strengths that fall, the first with the least loss for a fold. */
function strongestOfBest(falling: readonly number[], losses: readonly Float64Array[], fold: number): number {
  let best = 0;
  for (const place of falling.keys()) {
    if (at(at(losses, place), fold) < at(at(losses, best), fold)) best = place;
  }
  return at(falling, best);
}
