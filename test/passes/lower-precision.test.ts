import { expect, test } from "vitest";
import { lowerPrecision } from "../../compiler/passes/lower-precision.ts";
import { expectUntouched, nodesWith, operationsOf, resultsOf, Small } from "./small-program.ts";

test("products read and give bf16, and everything else stays f32", () => {
  const small = new Small();
  const x = small.input("x", [3, 4]);
  const product = small.product(x, small.parameter("w", [4, 5]));
  const program = small.program({ y: small.add({ op: "tanh" }, product) });
  const lowered = lowerPrecision(program);
  expect(operationsOf(lowered)).toEqual(["cast", "cast", "matmul", "cast", "tanh"]);
  expect(nodesWith(lowered, "matmul").map(({ type }) => type.dtype)).toEqual(["bf16"]);
  expect(lowered.outputs.get("y")?.type).toEqual(program.outputs.get("y")?.type);
  const expected = resultsOf(program).get("y")?.data ?? [];
  const found = resultsOf(lowered).get("y")?.data;
  let difference = 0;
  for (const [place, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(value - (found?.[place] ?? Number.NaN)));
  }
  // bf16 keeps 8 bits: it differs, by little.
  expect(difference).toBeGreaterThan(1e-5);
  expect(difference).toBeLessThan(0.05);
});

test("products that are in bf16 already, and what is no product, are left alone", () => {
  const small = new Small();
  const half = small.product(small.input("a", [2, 2], "bf16"), small.input("b", [2, 2], "bf16"));
  const program = small.program({ half, other: small.add({ op: "exp" }, small.input("x", [2])) });
  expectUntouched(program, lowerPrecision(program));
});

test("products of some places stay in f32, and so does what is computed once", () => {
  const small = new Small();
  const x = small.input("x", [3, 4]);
  const first = small.product(x, small.parameter("w", [4, 5]));
  const merged = small.product(small.parameter("up", [5, 2]), small.parameter("down", [2, 6]));
  const y = small.product(first, small.parameter("merged", [5, 6]));
  const program = { ...small.program({ y }), once: new Map([["merged", merged]]) };
  const types = (inSingle: readonly number[]): readonly string[] =>
    nodesWith(lowerPrecision(program, new Set(inSingle)), "matmul").map(({ type }) => type.dtype);
  expect(types([])).toEqual(["bf16", "bf16"]);
  expect(types([0])).toEqual(["f32", "bf16"]);
  expect(types([1])).toEqual(["bf16", "f32"]);
  const once = lowerPrecision(program).once.get("merged");
  expect([once?.operation.op, once?.type.dtype, once?.inputs.map(({ operation }) => operation.op)]).toEqual([
    "matmul",
    "f32",
    ["parameter", "parameter"],
  ]);
});
