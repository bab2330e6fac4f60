import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { firstOfPermutation } from "../../compiler/ops/index.ts";

const numbers = v.array(v.number());
const { large } = v.parse(
  v.object({ large: v.object({ seed: v.number(), size: v.number(), first: numbers, last: numbers }) }),
  JSON.parse(readFileSync("test/fixtures/permutations/permutations.json", "utf8")),
);

test("a permutation of 2^32 / 20 numbers, for which 64 bits are drawn, is torch.randperm's", () => {
  const order = firstOfPermutation(large.size, large.size, large.seed);
  expect([...order.subarray(0, 6)]).toEqual(large.first);
  expect([...order.subarray(-4)]).toEqual(large.last);
});
