import { expect, test } from "vitest";
import { memoizeDepthFirst } from "../../compiler/ir/depth-first.ts";

test("what a hundred thousand levels share is computed once each, and nothing recurses", () => {
  let visits = 0;
  const lengthOf = memoizeDepthFirst(
    (depth: number) => (depth === 0 ? [] : [depth - 1, depth - 1]),
    (_, [before = 0, same = 0]: readonly number[]): number => {
      visits += 1;
      return 1 + Math.max(before, same);
    },
  );
  expect(lengthOf(100_000)).toBe(100_001);
  expect(lengthOf(99_999)).toBe(100_000);
  expect(visits).toBe(100_001);
});

test("results come in the order of what is needed, and an absent one is known too", () => {
  const order: string[] = [];
  const visit = memoizeDepthFirst(
    (name: string) => (name === "root" ? ["left", "right", "left"] : []),
    (name, results: readonly (string | undefined)[]): string | undefined => {
      order.push(name);
      return name === "left" ? undefined : `${name}(${results.map(String).join(", ")})`;
    },
  );
  expect(visit("root")).toBe("root(undefined, right(), undefined)");
  expect(order).toEqual(["left", "right", "root"]);
});
