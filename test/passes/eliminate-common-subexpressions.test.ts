import { expect, test } from "vitest";
import { eliminateCommonSubexpressions } from "../../compiler/passes/eliminate-common-subexpressions.ts";
import { expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

test("the same operation on the same inputs is computed once, and so is what follows from it", () => {
  const small = new Small();
  const x = small.input("x", [2, 3]);
  const once = () => small.add({ op: "exp" }, small.add({ op: "sum", axes: [1], keep: true }, x));
  const program = small.program({ y: small.add({ op: "mul" }, once(), once()), again: once() });
  const shared = eliminateCommonSubexpressions(program);
  expect(operationsOf(shared)).toEqual(["sum", "exp", "mul"]);
  expectSameValues(program, shared);
});

test("what is read twice by two names is read once, and what differs in an attribute stays apart", () => {
  const small = new Small();
  const first = small.parameter("w", [2, 3]);
  const second = small.parameter("w", [2, 3]);
  const sum = (axis: number, keep: boolean) => small.add({ op: "sum", axes: [axis], keep }, first);
  const program = small.program({ a: sum(0, false), b: sum(1, false), c: sum(1, true), d: second });
  const shared = eliminateCommonSubexpressions(program);
  expect(operationsOf(shared)).toEqual(["sum", "sum", "sum"]);
  expect(new Set([...shared.outputs.values()].map(({ inputs: [x] }) => x)).size).toBe(2);
  expectSameValues(program, shared);
});

test("operands in another order, other sites of dropout and other steps are other values", () => {
  const small = new Small();
  const [x, y, step] = [small.input("x", [2]), small.input("y", [2]), small.input("step", [], "i32")];
  const draw = (site: number) => small.add({ op: "random_uniform", seed: 0, site, shape: [2] }, step);
  const program = small.program({
    a: small.add({ op: "sub" }, x, y),
    b: small.add({ op: "sub" }, y, x),
    c: draw(0),
    d: draw(1),
  });
  expectUntouched(program, eliminateCommonSubexpressions(program));
});
