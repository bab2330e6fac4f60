import type { Range } from "./budget.ts";
import { type Choice, rankings, type Skeleton, skeletonsOf } from "./skeletons.ts";
import { solve } from "./solve.ts";
import { sum, type Table } from "./tables.ts";
import { unusualRank } from "./usual.ts";

/** One kind of adapter with what it comes to. */
export interface Trial<Kind> {
  readonly kind: Kind;
  readonly encoders: readonly (readonly Choice[])[];
  /** Null alone for a kind without ranks. */
  readonly ranks: readonly (number | null)[];
  readonly tableOf: (group: Choice["groups"][number]) => Table;
}

/** A skeleton with its ranks. */
export interface Candidate<Kind> {
  readonly kind: Kind;
  readonly skeleton: Skeleton;
  /** The rank of each group. */
  readonly ranks: readonly (number | null)[];
  /** Trainable parameters of its adapters. */
  readonly count: number;
  readonly unusualRanks: number;
}

/** Skeletons that are equally simple, with a number of different ranks. */
interface Bucket<Kind> {
  readonly key: readonly number[];
  readonly entries: { readonly trial: Trial<Kind>; readonly skeleton: Skeleton }[];
}

/**
 * The simplest placements in a range, in the order of their simplicity: fewest selectors, fewest different ranks, fewest
 * stages, usual groups of roles, usual ranks; then most parameters, lowest ranks, the order of the kinds, and text.
 */
export function simplest<Kind>(
  trials: readonly Trial<Kind>[],
  range: Range,
  { top, sameRank }: { readonly top: number; readonly sameRank: boolean },
): readonly Candidate<Kind>[] {
  const found: Candidate<Kind>[] = [];
  for (const bucket of bucketsOf(trials, sameRank)) {
    if (found.length >= top) break;
    found.push(...bestOf(bucket, trials, range, top - found.length));
  }
  return found;
}

function bucketsOf<Kind>(trials: readonly Trial<Kind>[], sameRank: boolean): readonly Bucket<Kind>[] {
  const buckets = new Map<string, Bucket<Kind>>();
  for (const trial of trials) {
    for (const skeleton of skeletonsOf(trial.encoders)) {
      const { selectorCount, stageCount, unusual, groups } = skeleton;
      const most = sameRank ? 1 : Math.min(groups.length, trial.ranks.length);
      for (let rankCount = 1; rankCount <= most; rankCount++) {
        const key = [selectorCount, rankCount, stageCount, unusual];
        const bucket = buckets.get(key.join(" ")) ?? { key, entries: [] };
        buckets.set(key.join(" "), bucket);
        bucket.entries.push({ trial, skeleton });
      }
    }
  }
  return [...buckets.values()].sort((a, b) => compareKeys(a.key, b.key));
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (const [index, key] of a.entries()) {
    // What a shorter one does not have counts as 0.
    const difference = key - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The simplest of a bucket, which differ in their ranks and, last, in their text. */
function bestOf<Kind>(
  { key, entries }: Bucket<Kind>,
  trials: readonly Trial<Kind>[],
  range: Range,
  most: number,
): readonly Candidate<Kind>[] {
  const kinds = trials.map(({ kind }) => kind);
  const placeOf = ({ kind }: Candidate<Kind>): number => kinds.indexOf(kind);
  const compare = (a: Candidate<Kind>, b: Candidate<Kind>): number =>
    a.unusualRanks - b.unusualRanks ||
    b.count - a.count ||
    compareKeys(sortedRanks(a), sortedRanks(b)) ||
    placeOf(a) - placeOf(b) ||
    compareTexts(textOf(a), textOf(b));
  let best: Candidate<Kind>[] = [];
  /** The last that can still be among the best; what is behind it is not kept. */
  let last: Candidate<Kind> | null = null;
  const trim = (): void => {
    best = best.sort(compare).slice(0, most);
    last = best.length === most ? (best.at(-1) ?? null) : null;
  };
  const rankCount = key[1] ?? 1;
  for (const { trial, skeleton } of entries) {
    for (const ranking of rankings(skeleton, rankCount)) {
      const tables = Array.from({ length: rankCount }, (_, number) =>
        sum(skeleton.groups.filter((_, index) => ranking[index] === number).map(trial.tableOf), trial.ranks.length),
      );
      solve(tables, range, (positions, count) => {
        const different = positions.map((position) => trial.ranks[position] ?? null);
        const unusualRanks = different.reduce<number>((sum, rank) => sum + (rank === null ? 0 : unusualRank(rank)), 0);
        if (last !== null && unusualRanks > last.unusualRanks) return;
        const ranks = ranking.map((number) => different[number] ?? null);
        best.push({ kind: trial.kind, skeleton, ranks, count, unusualRanks });
        if (best.length >= 2 * most + 64) trim();
      });
    }
  }
  trim();
  return best;
}

function sortedRanks({ ranks }: { readonly ranks: readonly (number | null)[] }): readonly number[] {
  // What has no rank stands before every rank.
  return ranks.map((rank) => rank ?? 0).sort((a, b) => a - b);
}

function textOf({ skeleton }: { readonly skeleton: Skeleton }): string {
  return skeleton.groups.map(({ selectors }) => selectors).join(", ");
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
