import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { drawnPlaces, firstOfPermutation } from "../../compiler/ops/index.ts";

const numbers = v.array(v.number());
const drawn = { seed: v.number(), size: v.number(), first: numbers, last: numbers };

/** What torch.randperm gave. */
const { cases } = v.parse(
  v.object({ cases: v.array(v.object({ ...drawn, sum: v.number() })) }),
  JSON.parse(readFileSync("test/fixtures/permutations/permutations.json", "utf8")),
);

describe("places are drawn as PyTorch draws them", () => {
  test.each(cases)("the permutation of $size with the seed $seed", ({ seed, size, first, last, sum }) => {
    const order = firstOfPermutation(size, size, seed);
    expect([...order.slice(0, 6)]).toEqual(first);
    expect([...order.slice(-3)]).toEqual(last);
    expect(order.reduce((total, number, place) => total + number * (place + 1), 0)).toBe(sum);
  });

  test("the first of them are the first of all", () => {
    const all = firstOfPermutation(5000, 5000, 3);
    expect(firstOfPermutation(5000, 1200, 3)).toEqual(all.slice(0, 1200));
    expect(new Set(all).size).toBe(5000);
  });

  test("each place has a number for each axis", () => {
    const flat = firstOfPermutation(24, 7, 5);
    const places = drawnPlaces({ op: "drawn_places", sizes: [2, 3, 4], count: 7, seed: 5 });
    const [a, b, c] = [0, 1, 2].map((axis) => places.slice(axis * 7, (axis + 1) * 7));
    expect([...flat]).toEqual([...flat.keys()].map((at) => (a?.[at] ?? 0) * 12 + (b?.[at] ?? 0) * 4 + (c?.[at] ?? 0)));
  });
});
