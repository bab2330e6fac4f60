import { expect, test } from "vitest";
import type { Operation } from "../../compiler/ir/types.ts";
import { flopsOf, operationNames } from "../../compiler/ops/index.ts";
import { resultType, typeOf } from "./tensors.ts";

const product: Operation = { op: "matmul", transposeA: false, transposeB: false };

const strided = {
  stride: [2, 2],
  dilation: [1, 1],
  padding: [
    [1, 1],
    [1, 0],
  ],
} as const;
const pool = {
  kernel: [3, 2],
  stride: [2, 2],
  padding: [
    [1, 1],
    [0, 1],
  ],
} as const;

const cases: readonly (readonly [Operation, readonly string[], string])[] = [
  [{ op: "input", name: "x", type: typeOf("i32[4]") }, [], "i32[4]"],
  [{ op: "parameter", path: "w", type: typeOf("f32[2,3]") }, [], "f32[2, 3]"],
  [{ op: "constant", value: 1, type: typeOf("bf16[]") }, [], "bf16[]"],
  [{ op: "iota", size: 5 }, [], "i32[5]"],
  [{ op: "drawn_normals", sizes: [4, 3], seed: 7 }, [], "f32[4, 3]"],
  [{ op: "drawn_evenly", count: 5, limit: 3, seed: 7 }, [], "i32[5]"],
  [{ op: "drawn_places", sizes: [4, 3], count: 5, seed: 7 }, [], "i32[2, 5]"],
  ...(
    ["neg", "exp", "log", "sqrt", "rsqrt", "abs", "sign", "erf", "tanh", "sin", "cos", "floor", "round"] as const
  ).map((op) => [{ op }, ["bf16[2,3]"], "bf16[2, 3]"] as const),
  ...(["sub", "div", "maximum", "minimum", "pow"] as const).map(
    (op) => [{ op }, ["f32[2,1]", "f32[4]"], "f32[2, 4]"] as const,
  ),
  ...(["equal", "not_equal", "less_equal", "greater", "greater_equal"] as const).map(
    (op) => [{ op }, ["f32[2]", "f32[]"], "bool[2]"] as const,
  ),
  [{ op: "stop_gradient" }, ["i32[2]"], "i32[2]"],
  [{ op: "floor_div", divisor: -2 }, ["i32[2,3]"], "i32[2, 3]"],
  [{ op: "cumsum", axis: -1, reverse: true }, ["i32[2,3]"], "i32[2, 3]"],
  [{ op: "argsort", descending: true, count: 2 }, ["f32[4,3]"], "i32[4, 2]"],
  [{ op: "gather", axis: 1 }, ["f32[4,10,5]", "i32[2,3]"], "f32[4, 2, 3, 5]"],
  [{ op: "gather_along" }, ["bool[4,10]", "i32[4,3]"], "bool[4, 3]"],
  [{ op: "softmax", axis: -1 }, ["bf16[2,3]"], "bf16[2, 3]"],
  [{ op: "log_softmax", axis: 0 }, ["f32[2,3]"], "f32[2, 3]"],
  [{ op: "broadcast", shape: [2, 3, 4] }, ["i32[3,1]"], "i32[2, 3, 4]"],
  [{ op: "scatter_add", rows: 7 }, ["i32[3]", "f32[3,2]"], "f32[7, 2]"],
  [{ op: "dropout", rate: 0.5 }, ["f32[2]"], "f32[2]"],
  [{ op: "draw", from: { kind: "uniform", bound: 1 }, shape: [2, 3] }, [], "f32[2, 3]"],
  [{ op: "random_uniform", seed: 0, site: 0, shape: [2, 2] }, ["i32[]"], "f32[2, 2]"],
  [{ op: "conv_input", ...strided, groups: 2, sizes: [9, 8] }, ["f32[2,5,3,6]", "f32[6,2,3,4]"], "f32[2, 9, 8, 4]"],
  [{ op: "conv_weight", ...strided, groups: 2, kernel: [3, 4] }, ["f32[2,9,8,4]", "f32[2,5,3,6]"], "f32[6, 2, 3, 4]"],
  [{ op: "max_pool", ...pool }, ["bf16[2,9,8,5]"], "bf16[2, 5, 4, 5]"],
  [{ op: "max_pool_input", ...pool }, ["f32[2,9,8,5]", "f32[2,5,4,5]"], "f32[2, 9, 8, 5]"],
  [{ op: "avg_pool", ...pool }, ["f32[2,9,8,5]"], "f32[2, 5, 4, 5]"],
  [{ op: "avg_pool_input", ...pool, sizes: [9, 8] }, ["f32[2,5,4,5]"], "f32[2, 9, 8, 5]"],
  [{ op: "add" }, ["f32[3,1]", "f32[2,1,4]"], "f32[2, 3, 4]"],
  [{ op: "mul" }, ["f32[]", "f32[5]"], "f32[5]"],
  [{ op: "less" }, ["i32[4]", "i32[1]"], "bool[4]"],
  [{ op: "where" }, ["bool[4,1]", "f32[3]", "f32[]"], "f32[4, 3]"],
  [{ op: "sum", axes: [0, -1], keep: false }, ["f32[2,3,4]"], "f32[3]"],
  [{ op: "max", axes: [1], keep: true }, ["f32[2,3]"], "f32[2, 1]"],
  [{ op: "argmax", axis: -1, keep: false }, ["f32[2,3]"], "i32[2]"],
  [product, ["f32[8,2,3]", "f32[3,5]"], "f32[8, 2, 5]"],
  [{ ...product, transposeB: true }, ["f32[8,2,3]", "f32[8,5,3]"], "f32[8, 2, 5]"],
  [{ ...product, transposeA: true }, ["f32[3,2]", "f32[3,5]"], "f32[2, 5]"],
  [{ op: "reshape", shape: [6, 1] }, ["f32[2,3]"], "f32[6, 1]"],
  [{ op: "transpose", permutation: [2, 0, 1] }, ["f32[2,3,4]"], "f32[4, 2, 3]"],
  [{ op: "slice", axis: 1, from: 1, to: 3 }, ["f32[2,3]"], "f32[2, 2]"],
  [{ op: "concat", axis: 0 }, ["f32[2,3]", "f32[1,3]"], "f32[3, 3]"],
  [
    {
      op: "pad",
      amounts: [
        [1, 2],
        [0, 0],
      ],
    },
    ["f32[2,3]"],
    "f32[5, 3]",
  ],
  [{ op: "gather", axis: 0 }, ["f32[10,4]", "i32[2,3]"], "f32[2, 3, 4]"],
  [{ op: "svd", rank: 2, part: "left" }, ["f32[5,3]"], "f32[5, 2]"],
  [{ op: "svd", rank: 2, part: "values" }, ["f32[5,3]"], "f32[2]"],
  [{ op: "svd", rank: 2, part: "right" }, ["bf16[5,3]"], "f32[2, 3]"],
  [{ op: "one_hot", depth: 5 }, ["i32[2]"], "f32[2, 5]"],
  [{ op: "cast", dtype: "bf16" }, ["i32[2]"], "bf16[2]"],
  [{ op: "conv", ...strided, groups: 2 }, ["f32[2,9,8,4]", "f32[6,2,3,4]"], "f32[2, 5, 3, 6]"],
];

test.each(cases)("%o of %j is %s", (operation, inputs, expected) => {
  expect(resultType(operation, ...inputs)).toBe(expected);
});

test.each<[Operation, readonly string[]]>([
  [{ op: "add" }, ["f32[3]", "f32[4]"]],
  [{ op: "add" }, ["f32[3]", "i32[3]"]],
  [{ op: "exp" }, ["bool[3]"]],
  [{ op: "where" }, ["f32[3]", "f32[3]", "f32[3]"]],
  [{ op: "sum", axes: [2], keep: false }, ["f32[2,3]"]],
  [{ op: "sum", axes: [0, -2], keep: false }, ["f32[2,3]"]],
  [product, ["f32[2,3]", "f32[2,3]"]],
  [product, ["f32[4,2,3]", "f32[5,3,2]"]],
  [product, ["f32[3]", "f32[3,2]"]],
  [product, ["i32[2,3]", "i32[3,2]"]],
  [{ op: "reshape", shape: [7] }, ["f32[2,3]"]],
  [{ op: "transpose", permutation: [0, 0] }, ["f32[2,3]"]],
  [{ op: "slice", axis: 0, from: 1, to: 5 }, ["f32[3]"]],
  [{ op: "concat", axis: 0 }, ["f32[2,3]", "f32[2,4]"]],
  [{ op: "pad", amounts: [[1, 1]] }, ["f32[2,3]"]],
  [{ op: "gather", axis: 0 }, ["f32[3]", "f32[3]"]],
  [{ op: "gather", axis: 1 }, ["f32[3]", "i32[3]"]],
  [{ op: "gather_along" }, ["f32[4,3]", "i32[3,3]"]],
  [{ op: "gather_along" }, ["f32[3]", "i32[1,3]"]],
  [{ op: "gather_along" }, ["f32[3]", "f32[3]"]],
  [{ op: "floor" }, ["i32[3]"]],
  [{ op: "exp" }, ["i32[3]"]],
  [{ op: "pow" }, ["i32[3]", "i32[3]"]],
  [{ op: "floor_div", divisor: 0 }, ["i32[3]"]],
  [{ op: "floor_div", divisor: 1.5 }, ["i32[3]"]],
  [{ op: "floor_div", divisor: 2 }, ["f32[3]"]],
  [{ op: "cumsum", axis: 1, reverse: false }, ["f32[3]"]],
  [{ op: "cumsum", axis: 0, reverse: false }, ["bool[3]"]],
  [{ op: "argsort", descending: false, count: 4 }, ["f32[2,3]"]],
  [{ op: "argsort", descending: false, count: 1 }, ["f32[]"]],
  [{ op: "argsort", descending: false, count: 0 }, ["f32[2,3]"]],
  [{ op: "argsort", descending: false, count: 0 }, ["f32[3,0]"]],
  [{ op: "dropout", rate: 1 }, ["f32[3]"]],
  [{ op: "svd", rank: 4, part: "left" }, ["f32[5,3]"]],
  [{ op: "svd", rank: 1, part: "left" }, ["f32[2,5,3]"]],
  [{ op: "conv", ...strided, groups: 1 }, ["f32[1,1,5,3]", "f32[3,3,4,3]"]],
  [{ op: "max_pool", ...pool }, ["f32[1,9,3]"]],
])("%o of %j is refused in words", (operation, inputs) => {
  expect(resultType(operation, ...inputs)).toMatch(/ /);
  expect(resultType(operation, ...inputs)).not.toMatch(/^\w+\[[\d, ]*\]$/);
});

test("every operation has a case above", () => {
  const tested = new Set<string>(cases.map(([{ op }]) => op));
  expect(operationNames.filter((name) => !tested.has(name))).toEqual([]);
});

test("a matrix product costs two operations for each product of elements", () => {
  expect(flopsOf(product, [typeOf("f32[8,2,3]"), typeOf("f32[3,5]")], typeOf("f32[8,2,5]"))).toBe(2 * 8 * 2 * 3 * 5);
});
