import { expect, test } from "vitest";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import { recomputeElements } from "../../compiler/passes/recompute-elements.ts";
import { count, expectSameValues, expectUntouched, Small } from "./small-program.ts";

test("what one addition makes of kept values is made again where it is read backwards", () => {
  const small = new Small();
  const x = small.product(small.input("x", [4, 3]), small.parameter("w", [3, 5]));
  // exp keeps its result, which the addition follows from; the square reads the sum again.
  const kept = small.add({ op: "exp" }, x);
  const shifted = small.add({ op: "add" }, kept, small.parameter("bias", [1, 5]));
  const loss = small.total(small.add({ op: "mul" }, shifted, shifted));
  const step = differentiate(small.program({ loss }, "step"), new Set(["w"]));
  const again = recomputeElements(step);
  expect(count(again, "add")).toBe(count(step, "add") + 1);
  expectSameValues(step, again);
});

test("what a costly operation or a product makes is kept", () => {
  const small = new Small();
  const x = small.product(small.input("x", [4, 3]), small.parameter("w", [3, 5]));
  const loss = small.total(small.add({ op: "tanh" }, small.add({ op: "sin" }, x)));
  const step = differentiate(small.program({ loss }, "step"), new Set(["w"]));
  expectUntouched(step, recomputeElements(step));
});

test("a program without a loss has no backward pass", () => {
  const small = new Small();
  const program = small.program({ y: small.add({ op: "neg" }, small.input("x", [2])) });
  expectUntouched(program, recomputeElements(program));
});
