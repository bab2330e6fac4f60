import { expect, test } from "vitest";
import { planRearrange } from "../../compiler/elaborate/builtins/rearrange.ts";

test("axes are taken apart, ordered and put together", () => {
  const sizes = new Map([["p", 10]]);
  expect(planRearrange("b c (t p) h -> b t h (c p)", [2, 1, 240, 7], sizes)).toEqual({
    apart: [2, 1, 24, 10, 7],
    permutation: [0, 2, 4, 1, 3],
    together: [2, 24, 7, 10],
  });
});

test("axes of size 1 come and go", () => {
  expect(planRearrange("b 1 d -> d b 1", [3, 1, 4], new Map())).toEqual({
    apart: [3, 4],
    permutation: [1, 0],
    together: [4, 3, 1],
  });
});

test.each([
  ["a b", [2, 3]],
  ["a -> a", [2, 3]],
  ["a b -> a", [2, 3]],
  ["a b -> a b c", [2, 3]],
  ["a a -> a", [2, 2]],
  ["(a b) -> a b", [6]],
  ["(a p) -> a p", [7]],
  ["a (b -> a b", [2, 3]],
  ["a ((b)) -> a b", [2, 3]],
  ["a 1 -> a", [2, 3]],
  ["a ? -> a", [2, 3]],
])("%s of %j is refused in words", (pattern, shape) => {
  expect(planRearrange(pattern, shape, new Map([["p", 2]]))).toBeTypeOf("string");
});
