import { expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { collectFactors } from "../../compiler/passes/collect-factors.ts";
import { expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

const times = (small: Small, x: Node, factor: number) => small.add({ op: "mul" }, x, small.number(factor));

/** What becomes of a value, as operations. */
function collected(make: (small: Small, x: Node, y: Node) => Node): readonly string[] {
  const small = new Small();
  const program = small.program({ y: make(small, small.input("x", [6, 4]), small.input("y", [6, 4])) });
  const result = collectFactors(program);
  expectSameValues(program, result);
  return operationsOf(result);
}

test("factors of both operands of a product are one factor of the result", () => {
  expect(collected((small, x, y) => small.add({ op: "mul" }, times(small, x, 2), times(small, y, 3)))).toEqual([
    "mul",
    "mul",
  ]);
});

test("a quotient by a number is a product with its inverse", () => {
  expect(collected((small, x) => small.add({ op: "div" }, times(small, x, 2), small.number(4)))).toEqual(["mul"]);
});

test("a factor moves behind a sum and a cut, which make its value smaller", () => {
  expect(collected((small, x) => small.total(times(small, x, 3)))).toEqual(["sum", "mul"]);
  const cut = { op: "slice", axis: 0, from: 1, to: 3 } as const;
  expect(collected((small, x) => small.add(cut, times(small, x, 3)))).toEqual(["slice", "mul"]);
});

test("a factor of rows moves to the matrix that multiplies them", () => {
  const small = new Small();
  const [x, w] = [small.input("x", [40, 3]), small.parameter("w", [3, 2])];
  const program = small.program({ y: small.product(times(small, x, 5), w) });
  const result = collectFactors(program);
  expect(operationsOf(result)).toEqual(["mul", "matmul"]);
  const [scaled] = result.outputs.values();
  expect(scaled?.inputs[0]?.operation.op).toBe("input");
  expectSameValues(program, result);
});

test("additions of what is negative are subtractions, and the other way round", () => {
  const neg = (small: Small, x: Node) => small.add({ op: "neg" }, x);
  expect(collected((small, x, y) => small.add({ op: "add" }, x, neg(small, y)))).toEqual(["sub"]);
  expect(collected((small, x, y) => small.add({ op: "add" }, neg(small, x), y))).toEqual(["sub"]);
  expect(collected((small, x, y) => small.add({ op: "sub" }, x, neg(small, y)))).toEqual(["add"]);
});

test("factors stay where they cannot move, where nothing is won, and where what they make is read otherwise", () => {
  const small = new Small();
  const x = small.input("x", [6, 4]);
  const shared = times(small, x, 2);
  const program = small.program({
    root: small.add({ op: "exp" }, times(small, x, 2)),
    largest: small.add({ op: "max", axes: [0], keep: false }, times(small, x, -2)),
    turned: small.add({ op: "transpose", permutation: [1, 0] }, times(small, x, 2)),
    sum: small.total(shared),
    shared,
  });
  expectUntouched(program, collectFactors(program));
});
