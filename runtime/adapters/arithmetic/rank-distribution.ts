import { at } from "../../at.ts";

/** Modules that read the same input, and the share of its variance that lies along each direction, from the largest down. */
export interface RankedInput {
  readonly modules: number;
  readonly shares: readonly number[];
}

/**
 * Ranks of modules that are `budget` in all, those of each input in its order: each goes to the direction with the largest share that is left
 * anywhere. Of modules that read the same input the first one gets the highest rank. PEFT's `_get_rank_distribution` for EVA; it takes
 * the first module of every input before the other ones, which decides between equal shares.
 */
export function distributedRanks(inputs: readonly RankedInput[], budget: number): readonly (readonly number[])[] {
  const firsts = inputs.map((_, input) => ({ input, module: 0 }));
  const others = inputs.flatMap(({ modules }, input) =>
    Array.from({ length: Math.max(0, modules - 1) }, (_, other) => ({ input, module: other + 1 })),
  );
  const directions = [...firsts, ...others].flatMap((of) =>
    at(inputs, of.input).shares.map((share) => ({ ...of, share })),
  );
  const ranks = inputs.map(({ modules }) => Array.from({ length: modules }, () => 0));
  for (const { input, module } of directions.toSorted((a, b) => b.share - a.share).slice(0, budget)) {
    const own = at(ranks, input);
    own[module] = at(own, module) + 1;
  }
  for (const own of ranks)
    for (let module = 1; module < own.length; module++) {
      const [first, other] = [at(own, 0), at(own, module)];
      if (other > first) {
        own[0] = other;
        own[module] = first;
      }
    }
  return ranks;
}

/** The whole number nearest to one, and of two the even one: Python's `round`. */
export function roundedHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
