import { at } from "../../at.ts";
import { generator, seedOf } from "../../random.ts";
import { cat } from "./cat.ts";
import { type Block, blocksOf, elementsOf, type LoraMatrices, matricesOf } from "./matrices.ts";
import type { Merge, MergeOptions } from "./merge.ts";
import { type Method, type MethodName, methods } from "./methods.ts";
import { leadingOfElements, leadingOfFactors, type SvdOptions } from "./svd.ts";

/** The update of a module by one of the adapters that have it. */
export interface Contribution {
  readonly matrices: LoraMatrices;
  readonly scale: number;
  readonly weight: number;
  /** The adapter's place among all of them. */
  readonly adapter: number;
}

export interface CombineOptions extends SvdOptions, Omit<MergeOptions, "draws"> {
  readonly method: MethodName;
  readonly seed: number;
}

/**
 * The updates of one module, of the same shape, as one of the scale 1, as PEFT's `add_weighted_adapter` makes it. What is random follows
 * from the seed, the module's name and the adapters' places.
 */
export function combineModule(module: string, given: readonly Contribution[], options: CombineOptions): LoraMatrices {
  const method: Method = methods[options.method];
  const updates = given.map(({ matrices, scale }) => blocksOf(matrices, scale));
  const weights = given.map(({ weight }) => weight);
  switch (method.on) {
    case "ranks":
      return matricesOf(cat(updates, weights));
    case "matrices":
      return mergedMatrices(module, given, method.merge, options);
    case "sum":
      return leadingOfFactors(cat(updates, weights), options);
    case "updates": {
      const tensors = updates.map(elementsOf);
      const draws = drawsFor(module, "update", given, options.seed);
      return leadingOfElements(method.merge({ tensors, weights }, { ...options, draws }), at(updates, 0), options);
    }
  }
}

/** Each matrix by itself; both have the root of what a module's update is multiplied by, and `down` its sign. */
function mergedMatrices(
  module: string,
  given: readonly Contribution[],
  merge: Merge,
  options: CombineOptions,
): LoraMatrices {
  const factors = given.map(({ weight, scale }) => weight * scale);
  const roots = factors.map((factor) => Math.sqrt(Math.abs(factor)));
  const merged = (matrix: "down" | "up", weights: readonly number[]): Float64Array => {
    const tensors = given.map(({ matrices }) => matrices[matrix]);
    return merge({ tensors, weights }, { ...options, draws: drawsFor(module, matrix, given, options.seed) });
  };
  return {
    ...at(given, 0).matrices,
    down: merged(
      "down",
      roots.map((root, place) => (at(factors, place) < 0 ? -root : root)),
    ),
    up: merged("up", roots),
  };
}

const drawnOf = { down: 0, up: 1, update: 2 } as const;

function drawsFor(
  module: string,
  of: keyof typeof drawnOf,
  given: readonly Contribution[],
  seed: number,
): MergeOptions["draws"] {
  const name = [...module].map((character) => character.codePointAt(0) ?? 0);
  return (place) => generator(seedOf(seed, drawnOf[of], at(given, place).adapter, ...name));
}

/** The weighted sum of updates, which `cat` gives exactly. */
export function weightedSum(given: readonly Contribution[]): readonly Block[] {
  return cat(
    given.map(({ matrices, scale }) => blocksOf(matrices, scale)),
    given.map(({ weight }) => weight),
  );
}
