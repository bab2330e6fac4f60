import { expect, test } from "vitest";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import { recomputeScores } from "../../compiler/passes/recompute-scores.ts";
import { count, expectSameValues, expectUntouched, Small } from "./small-program.ts";

/** A step whose loss is that of attention over so many tokens of 2 numbers. */
function attention(tokens: number) {
  const small = new Small();
  const [q, k, v] = ["q", "k", "v"].map((path) => small.parameter(path, [3, tokens, 2]));
  if (q === undefined || k === undefined || v === undefined) throw new Error("there are three");
  const weights = small.add({ op: "softmax", axis: -1 }, small.product(q, k, true));
  const loss = small.total(small.product(weights, v));
  return differentiate(small.program({ loss }, "step"), new Set(["q", "k", "v"]));
}

test("scores larger than queries and keys together are computed a second time for the backward pass", () => {
  const step = attention(8);
  const again = recomputeScores(step);
  expect(count(step, "softmax")).toBe(1);
  expect(count(again, "softmax")).toBe(2);
  expect(count(again, "matmul")).toBe(count(step, "matmul") + 1);
  expectSameValues(step, again);
});

test("smaller ones are kept, and so is every other product", () => {
  const small = attention(3);
  expectUntouched(small, recomputeScores(small));
  const made = new Small();
  const wide = made.add({ op: "sin" }, made.product(made.input("x", [3, 4, 2]), made.parameter("w", [2, 50])));
  const step = differentiate(made.program({ loss: made.total(wide) }, "step"), new Set(["w"]));
  expectUntouched(step, recomputeScores(step));
});
