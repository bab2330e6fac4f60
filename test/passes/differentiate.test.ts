import { expect, test } from "vitest";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import { count, resultsOf, Small } from "./small-program.ts";

/** tanh(x w) u summed, of which w and u are parameters. */
function small() {
  const made = new Small();
  const hidden = made.add({ op: "tanh" }, made.product(made.input("x", [3, 2]), made.parameter("w", [2, 4])));
  const loss = made.total(made.product(hidden, made.parameter("u", [4, 1])));
  return made.program({ loss }, "step");
}

test("the gradients are those of the loss, of what is trained alone", () => {
  const program = small();
  const step = differentiate(program, new Set(["w"]));
  expect([...step.outputs.keys()]).toEqual(["loss", "gradient:w"]);
  const results = resultsOf(step);
  expect(results.get("loss")).toEqual(resultsOf(program).get("loss"));
  // d(tanh(x w) u) / dw = x^T ((1 - tanh^2(x w)) u^T), row by row.
  const reference = new Small();
  const x = reference.input("x", [3, 2]);
  const hidden = reference.add({ op: "tanh" }, reference.product(x, reference.parameter("w", [2, 4])));
  const slope = reference.add({ op: "sub" }, reference.number(1), reference.add({ op: "mul" }, hidden, hidden));
  const u = reference.add({ op: "reshape", shape: [1, 4] }, reference.parameter("u", [4, 1]));
  const turned = reference.add({ op: "transpose", permutation: [1, 0] }, x);
  const gradient = reference.product(turned, reference.add({ op: "mul" }, slope, u));
  const expected = resultsOf(reference.program({ gradient })).get("gradient")?.data ?? [];
  expect(expected.length).toBe(8);
  const found = results.get("gradient:w")?.data;
  for (const [place, value] of expected.entries()) expect(found?.[place]).toBeCloseTo(value, 10);
});

test("below what is trained nothing is built", () => {
  const program = small();
  expect(count(differentiate(program, new Set(["u"])), "matmul")).toBe(3);
  expect(count(differentiate(program, new Set(["w", "u"])), "matmul")).toBe(5);
});

test("what stands behind stop_gradient has none, and neither has what the loss does not read", () => {
  const made = new Small();
  const w = made.parameter("w", [2]);
  const stopped = made.add({ op: "stop_gradient" }, made.parameter("stopped", [2]));
  const loss = made.total(made.add({ op: "mul" }, w, stopped));
  const program = made.program({ loss, other: made.parameter("unread", [2]) }, "step");
  const step = differentiate(program, new Set(["w", "stopped", "unread"]));
  expect([...step.outputs.keys()]).toEqual(["loss", "other", "gradient:w"]);
});

test("embeddings that are given have gradients, by which micro-batches go on", () => {
  const made = new Small();
  const embedding = made.input("embedding:0", [2, 3]);
  const program = made.program({ loss: made.total(made.add({ op: "mul" }, embedding, embedding)) }, "compare");
  const step = differentiate(program, new Set());
  expect([...step.outputs.keys()]).toEqual(["loss", "embedding_gradient:0"]);
});

test("a comparison hands on no gradient, though what it reads is trained", () => {
  const made = new Small();
  const w = made.parameter("w", [3]);
  const mask = made.add({ op: "cast", dtype: "f32" }, made.add({ op: "greater" }, w, made.number(0)));
  const step = differentiate(made.program({ loss: made.total(mask) }, "step"), new Set(["w"]));
  expect([...step.outputs.keys()]).toEqual(["loss"]);
});
