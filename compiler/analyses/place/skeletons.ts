import type { ModuleInstance } from "../../elaborate/index.ts";
import type { Group } from "./groups.ts";

/** What is adapted of one encoder, without ranks: nothing, a group of the whole, or groups of some of its stages. */
export interface Choice {
  readonly groups: readonly Group[];
  /** With one rank these stages together are what a group of the whole encoder selects. */
  readonly isWholeAtOneRank: boolean;
}

/** What is adapted, without ranks; each group may have another. */
export interface Skeleton {
  readonly choices: readonly Choice[];
  readonly groups: readonly Group[];
  readonly selectorCount: number;
  readonly stageCount: number;
  readonly unusual: number;
}

/** The groups of one encoder: of the whole, and of each stage. */
export interface EncoderGroups {
  readonly whole: readonly Group[];
  readonly stages: readonly (readonly Group[])[];
}

/** How many skeletons there are, which is known before they are made. */
export function skeletonCount(encoders: readonly EncoderGroups[]): number {
  return encoders.reduce((product, encoder) => product * (choiceCount(encoder) + 1), 1);
}

function choiceCount({ whole, stages }: EncoderGroups): number {
  return whole.length + stages.reduce((product, groups) => product * (groups.length + 1), 1) - 1;
}

/** Everything that can be done to an encoder, nothing first. */
export function choicesOf({ whole, stages }: EncoderGroups): readonly Choice[] {
  let combinations: readonly (readonly Group[])[] = [[]];
  for (const groups of stages) {
    combinations = combinations.flatMap((before) => [before, ...groups.map((group) => [...before, group])]);
  }
  const numbers = new Map<ModuleInstance, number>();
  const keyOf = (groups: readonly Group[]): string => {
    const modules = groups.flatMap(({ classes }) => classes.flatMap((each) => each.modules));
    const own = modules.map((module) => {
      const known = numbers.get(module) ?? numbers.size;
      numbers.set(module, known);
      return known;
    });
    return own.sort((a, b) => a - b).join(" ");
  };
  const wholes = new Set(whole.map((group) => keyOf([group])));
  return [
    { groups: [], isWholeAtOneRank: false },
    ...whole.map((group) => ({ groups: [group], isWholeAtOneRank: false })),
    ...combinations
      .filter((groups) => groups.length > 0)
      .map((groups) => ({ groups, isWholeAtOneRank: wholes.has(keyOf(groups)) })),
  ];
}

/** Every skeleton but the empty one. */
export function* skeletonsOf(encoders: readonly (readonly Choice[])[]): Generator<Skeleton> {
  const chosen: Choice[] = [];
  function* choose(index: number): Generator<Skeleton> {
    const choices = encoders[index];
    if (choices === undefined) {
      const groups = chosen.flatMap((choice) => choice.groups);
      if (groups.length > 0) yield skeletonOf([...chosen], groups);
      return;
    }
    for (const choice of choices) {
      chosen.push(choice);
      yield* choose(index + 1);
      chosen.pop();
    }
  }
  yield* choose(0);
}

function skeletonOf(choices: readonly Choice[], groups: readonly Group[]): Skeleton {
  let selectorCount = 0;
  let stageCount = 0;
  let unusual = 0;
  for (const group of groups) {
    selectorCount += group.selectorCount;
    if (group.region.isStage) stageCount++;
    unusual += group.unusual;
  }
  return { choices, groups, selectorCount, stageCount, unusual };
}

/**
 * The ways to share ranks among the groups of a skeleton, with this many different ranks: for each group the number of
 * its rank. Ways that would say twice what a group of a whole encoder says are left out.
 */
export function rankings({ choices, groups }: Skeleton, rankCount: number): readonly (readonly number[])[] {
  return partitions(groups.length, rankCount).filter((ranking) => {
    let from = 0;
    return choices.every(({ groups: own, isWholeAtOneRank }) => {
      const ranks = new Set(ranking.slice(from, from + own.length));
      from += own.length;
      return !isWholeAtOneRank || ranks.size > 1;
    });
  });
}

const knownPartitions = new Map<string, readonly (readonly number[])[]>();

/** Every way to give `length` things numbers of which exactly `count` differ, first uses in ascending order. */
function partitions(length: number, count: number): readonly (readonly number[])[] {
  const key = `${length} ${count}`;
  const known = knownPartitions.get(key);
  if (known !== undefined) return known;
  let made: readonly { readonly numbers: readonly number[]; readonly used: number }[] = [{ numbers: [], used: 0 }];
  for (let position = 0; position < length; position++) {
    made = made.flatMap(({ numbers, used }) =>
      Array.from({ length: Math.min(used + 1, count) }, (_, next) => ({
        numbers: [...numbers, next],
        used: Math.max(used, next + 1),
      })),
    );
  }
  const found = made.filter(({ used }) => used === count).map(({ numbers }) => numbers);
  knownPartitions.set(key, found);
  return found;
}
