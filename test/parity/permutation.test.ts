import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { firstOfPermutation } from "../../compiler/ops/index.ts";

const numbers = v.array(v.number());
const { large } = v.parse(
  v.object({ large: v.object({ seed: v.number(), size: v.number(), first: numbers, last: numbers }) }),
  JSON.parse(readFileSync("test/fixtures/permutations/permutations.json", "utf8")),
);

test("the first million of a permutation of 2^32 / 20 numbers, for which 64 bits are drawn, are torch.randperm's", () => {
  const order = firstOfPermutation(large.size, 1_000_000, large.seed);
  expect([...order.subarray(0, 6)]).toEqual(large.first);
  expect([...order.subarray(-4)]).toEqual(large.last);
  expect(new Set(order).size).toBe(1_000_000);
});
