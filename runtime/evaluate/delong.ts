import { at } from "../at.ts";
import type { Groups } from "./groups.ts";
import { twoSided } from "./normal.ts";
import { countSample, rankScores } from "./ranking.ts";

/** How far two AUROCs on the same examples are apart, by DeLong's test. */
export interface AurocComparison {
  /** The second less the first. */
  readonly difference: number;
  readonly standardError: number;
  /** Null where the difference has no variance and is not 0. */
  readonly p: number | null;
}

/**
 * Compares the AUROCs of two scores of one class (DeLong, DeLong and Clarke-Pearson, 1988), with the examples of a group, such as the
 * scans of a patient, taken together (Obuchowski, 1997), which for groups of one is the same. Null where there is no AUROC, or one
 * group alone has, or has not, the class.
 *
 * An example with the class has a component: the share of those without it that it is ranked above, a tie being half; and the other way
 * round. The AUROC is the mean of either. Its variance is that of sums of components over groups, which are independent.
 */
export function compareAurocs(
  first: Float64Array,
  second: Float64Array,
  labels: readonly (boolean | null)[],
  { of, count }: Groups,
): AurocComparison | null {
  const [a, b] = [componentsOf(first, labels), componentsOf(second, labels)];
  const present = labels.filter((label) => label === true).length;
  const absent = labels.filter((label) => label === false).length;
  if (present === 0 || absent === 0) return null;
  const difference = meanOf(b, labels, true, present) - meanOf(a, labels, true, present);
  const [having, lacking] = [new Float64Array(count), new Float64Array(count)];
  const [someHave, someLack] = [new Set<number>(), new Set<number>()];
  for (const [example, label] of labels.entries()) {
    if (label === null) continue;
    const group = at(of, example);
    const sums = label ? having : lacking;
    (label ? someHave : someLack).add(group);
    sums[group] = at(sums, group) + at(b, example) - at(a, example) - difference;
  }
  const all = new Set([...someHave, ...someLack]).size;
  if (someHave.size < 2 || someLack.size < 2) return null;
  const [own, others, both] = [sumOf(having, having), sumOf(lacking, lacking), sumOf(having, lacking)];
  const variance =
    (corrected(someHave.size) * own) / present ** 2 +
    (corrected(someLack.size) * others) / absent ** 2 +
    (2 * corrected(all) * both) / (present * absent);
  const standardError = Math.sqrt(Math.max(0, variance));
  if (standardError === 0) return { difference, standardError, p: difference === 0 ? 1 : null };
  return { difference, standardError, p: twoSided(difference / standardError) };
}

/** For each example with a label the share of those of the other label that it is on the right side of. */
function componentsOf(scores: Float64Array, labels: readonly (boolean | null)[]): Float64Array {
  const ranking = rankScores(scores, labels);
  const { presentAt, absentAt, present, absent } = countSample(ranking, 0, new Int32Array(scores.length).fill(1));
  const components = new Float64Array(scores.length);
  let [presentAbove, absentAbove, place] = [0, 0, 0];
  for (const [score, having] of presentAt.entries()) {
    const lacking = at(absentAt, score);
    for (; place < ranking.examples.length && ranking.scorePlaces[place] === score; place++) {
      const isPresent = ranking.present[place] === 1;
      const ordered = isPresent ? absent - absentAbove - lacking / 2 : presentAbove + having / 2;
      components[at(ranking.examples, place)] = ordered / (isPresent ? absent : present);
    }
    presentAbove += having;
    absentAbove += lacking;
  }
  return components;
}

function meanOf(components: Float64Array, labels: readonly (boolean | null)[], label: boolean, count: number): number {
  return components.reduce((sum, value, example) => (labels[example] === label ? sum + value : sum), 0) / count;
}

function sumOf(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, place) => sum + value * at(b, place), 0);
}

/** Makes the mean of squares of so many groups that of the population that they are drawn from. */
function corrected(groups: number): number {
  return groups / (groups - 1);
}
