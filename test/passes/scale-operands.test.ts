import { expect, test } from "vitest";
import { scaleOperands } from "../../compiler/passes/scale-operands.ts";
import { expectSameValues, expectUntouched, nodesWith, Small } from "./small-program.ts";

test("a factor of a product moves to the smaller operand", () => {
  const small = new Small();
  const [q, k] = [small.input("q", [2, 8, 3]), small.input("k", [2, 9, 3])];
  const scores = small.product(q, k, true);
  const program = small.program({ y: small.add({ op: "mul" }, scores, small.number(0.5)) });
  const scaled = scaleOperands(program);
  expect(nodesWith(scaled, "mul").map(({ type }) => type.shape)).toEqual([[2, 8, 3]]);
  expectSameValues(program, scaled);
});

test("a factor of a convolution moves to its weight", () => {
  const small = new Small();
  const ones = [1, 1, 1];
  const padding = ones.map(() => [1, 1] as const);
  const [x, weight] = [small.input("x", [1, 4, 4, 4, 2]), small.parameter("w", [2, 1, 3, 3, 3])];
  const convolution = small.add({ op: "conv", stride: ones, dilation: ones, padding, groups: 2 }, x, weight);
  const program = small.program({ y: small.add({ op: "mul" }, convolution, small.number(0.5)) });
  const scaled = scaleOperands(program);
  expect(nodesWith(scaled, "mul").map(({ type }) => type.shape)).toEqual([[2, 1, 3, 3, 3]]);
  expectSameValues(program, scaled);
});

test("it stays where the operands are not smaller, where the product is read unscaled too, and behind other operations", () => {
  const small = new Small();
  const [a, b] = [small.input("a", [4, 40]), small.input("b", [40, 4])];
  const wide = small.product(a, b);
  const outer = small.product(b, a);
  const half = small.number(0.5);
  const program = small.program({
    wide: small.add({ op: "mul" }, wide, half),
    outer,
    scaled: small.add({ op: "mul" }, outer, half),
    sum: small.add({ op: "mul" }, small.add({ op: "tanh" }, small.product(b, small.input("c", [4, 40]))), half),
  });
  expectUntouched(program, scaleOperands(program));
});
