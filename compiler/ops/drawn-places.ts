import type { OperationOf } from "../ir/types.ts";
import { drawnBySeed } from "./drawn.ts";
import { sizeAt } from "./indexing.ts";
import { MersenneTwister } from "./mersenne-twister.ts";
import type { OperationRule } from "./rule.ts";

/** From so many numbers on `torch.randperm` draws 64 bits for each: 2^32 / 20. */
const many = 214_748_364;

/** The first of the numbers below `size` in the order in which `torch.randperm` puts them with a CPU generator of that seed. */
export function firstOfPermutation(size: number, count: number, seed: number): Uint32Array {
  const random = new MersenneTwister(seed);
  if (size < many) return shuffled(size, count, random);
  return inserted(size, count, random);
}

/** Each number in turn takes a place among those before it, whose number moves to the end. What moves behind the first never comes back. */
function inserted(size: number, count: number, random: MersenneTwister): Uint32Array {
  const first = new Uint32Array(count);
  for (let place = 0; place < size; place++) {
    const other = random.nextOf64(place + 1);
    if (other >= count) continue;
    if (place < count) first[place] = first[other] ?? 0;
    first[other] = place;
  }
  return first;
}

/** Each place in turn takes what a place from it on has. Only those that have been moved are kept. */
function shuffled(size: number, count: number, random: MersenneTwister): Uint32Array {
  const first = new Uint32Array(count);
  const moved = new Map<number, number>();
  for (let place = 0; place < count; place++) {
    const other = place === size - 1 ? place : place + (random.next() % (size - place));
    first[place] = moved.get(other) ?? other;
    moved.set(other, moved.get(place) ?? place);
    moved.delete(place);
  }
  return first;
}

type DrawnPlaces = OperationOf<"drawn_places">;

/** The draws of the programs of one spec, which are asked for by each of them. */
const known = new Map<string, Int32Array>();

/** What the operation gives: for each axis the numbers of all places. */
export function drawnPlaces({ sizes, count, seed }: DrawnPlaces): Int32Array {
  const key = JSON.stringify([sizes, count, seed]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const rest = firstOfPermutation(product(sizes), count, seed);
  const places = new Int32Array(sizes.length * count);
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    const size = sizeAt(sizes, axis);
    for (const [index, place] of rest.entries()) {
      places[axis * count + index] = place % size;
      rest[index] = Math.floor(place / size);
    }
  }
  if (known.size >= 16) known.clear();
  known.set(key, places);
  return places;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/** Different places of a tensor of some sizes, as PyTorch draws them: i32[axes, count]. */
export const drawnPlacesRule: OperationRule<"drawn_places"> = {
  ...drawnBySeed,
  type: ({ sizes, count, seed }) => {
    const all = product(sizes);
    if (sizes.length === 0 || all >= 2 ** 31) return "it draws places of tensors with axes, and below 2^31 elements";
    if (!Number.isSafeInteger(seed)) return `its seed ${seed} is not a whole number`;
    if (count > all) return `a tensor of sizes [${sizes.join(", ")}] has ${all} places, and not ${count}`;
    return { dtype: "i32", shape: [sizes.length, count] };
  },
  evaluate: (operation, _, __, output) => output.set(drawnPlaces(operation)),
};
