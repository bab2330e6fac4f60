import { describe, expect, test } from "vitest";
import type { Operation } from "../../compiler/ir/types.ts";
import { resultType } from "./tensors.ts";

const product = { op: "matmul", transposeA: false, transposeB: false } as const;
const none = [0, 0] as const;
const ones = [1, 1, 1];
const conv = { op: "conv", stride: ones, dilation: ones, padding: [none, none, none], groups: 7 } as const;
const dense = { ...conv, groups: 1 } as const;
const pool = { op: "max_pool", kernel: [2, 2], stride: [2, 2], padding: [none, none] } as const;

describe("an operation that cannot be applied says why", () => {
  test.each<[Operation, readonly string[], string]>([
    [
      { op: "add" },
      ["f32[2,3]", "f32[2,4]"],
      "f32[2, 3] and f32[2, 4] do not go together: from the last axis on, sizes must be equal or 1",
    ],
    [
      { op: "less" },
      ["f32[3]", "f32[2]"],
      "f32[3] and f32[2] do not go together: from the last axis on, sizes must be equal or 1",
    ],
    [{ op: "mul" }, ["f32[3]", "bf16[3]"], "f32[3] and bf16[3] have different element types; use cast"],
    [{ op: "equal" }, ["f32[3]", "i32[3]"], "f32[3] and i32[3] have different element types; use cast"],
    [{ op: "sub" }, ["bool[3]", "bool[3]"], "it needs numbers, not booleans"],
    [{ op: "neg" }, ["bool[3]"], "it needs numbers, not booleans"],
    [{ op: "where" }, ["f32[3]", "f32[3]", "f32[3]"], "its condition must be of booleans"],
    [
      { op: "where" },
      ["bool[3]", "f32[3]", "f32[2]"],
      "f32[3] and f32[2] do not go together: from the last axis on, sizes must be equal or 1",
    ],
    [
      { op: "where" },
      ["bool[4]", "f32[3]", "f32[3]"],
      "bool[4] and bool[3] do not go together: from the last axis on, sizes must be equal or 1",
    ],
    [{ op: "where" }, ["bool[3]", "f32[3]", "i32[3]"], "f32[3] and i32[3] have different element types; use cast"],
    [{ op: "sum", axes: [2], keep: false }, ["f32[2,3]"], "f32[2, 3] has no axis 2"],
    [{ op: "max", axes: [-3], keep: true }, ["f32[2,3]"], "f32[2, 3] has no axis -3"],
    [{ op: "sum", axes: [0.5], keep: true }, ["f32[2,3]"], "f32[2, 3] has no axis 0.5"],
    [{ op: "sum", axes: [1, -1], keep: false }, ["f32[2,3]"], "an axis is named twice"],
    [{ op: "sum", axes: [0], keep: false }, ["bool[2,3]"], "it needs a tensor of numbers"],
    [{ op: "argmax", axis: 0, keep: false }, ["bool[2]"], "it needs a tensor of numbers"],
    [{ op: "argmax", axis: 1, keep: false }, ["f32[2]"], "f32[2] has no axis 1"],
    [{ op: "softmax", axis: -1 }, ["i32[2]"], "it needs floating-point numbers"],
    [{ op: "log_softmax", axis: 1 }, ["bf16[2]"], "bf16[2] has no axis 1"],
    [product, ["f32[2,3]", "bf16[3,2]"], "f32[2, 3] and bf16[3, 2] are not both floating-point"],
    [product, ["i32[2,3]", "i32[3,2]"], "i32[2, 3] and i32[3, 2] are not both floating-point"],
    [product, ["f32[3]", "f32[3,2]"], "f32[3] and f32[3, 2] are not both matrices"],
    [product, ["f32[2,3]", "f32[3]"], "f32[2, 3] and f32[3] are not both matrices"],
    [product, ["f32[2,3]", "f32[4,5]"], "f32[2, 3] and f32[4, 5] cannot be multiplied: 3 is not 4"],
    [
      { ...product, transposeA: true },
      ["f32[2,3]", "f32[4,5]"],
      "f32[2, 3] and f32[4, 5] cannot be multiplied with transpose_a: 2 is not 4",
    ],
    [
      { ...product, transposeB: true },
      ["f32[2,3]", "f32[4,5]"],
      "f32[2, 3] and f32[4, 5] cannot be multiplied with transpose_b: 3 is not 5",
    ],
    [
      { op: "matmul", transposeA: true, transposeB: true },
      ["f32[2,3]", "f32[4,5]"],
      "f32[2, 3] and f32[4, 5] cannot be multiplied with transpose_a and transpose_b: 2 is not 5",
    ],
    [product, ["f32[4,2,3]", "f32[5,3,2]"], "f32[4, 2, 3] and f32[5, 3, 2] have different axes before their matrices"],
    [
      product,
      ["f32[4,5,2,3]", "f32[4,3,2]"],
      "f32[4, 5, 2, 3] and f32[4, 3, 2] have different axes before their matrices",
    ],
    [{ op: "reshape", shape: [7] }, ["f32[2,3]"], "f32[2, 3] has 6 elements and cannot become f32[7]"],
    [{ op: "transpose", permutation: [0, 0] }, ["f32[2,3]"], "[0, 0] does not order 2 axes"],
    [{ op: "transpose", permutation: [0, 2] }, ["f32[2,3]"], "[0, 2] does not order 2 axes"],
    [{ op: "transpose", permutation: [-1, 0] }, ["f32[2,3]"], "[-1, 0] does not order 2 axes"],
    [{ op: "transpose", permutation: [0] }, ["f32[2,3]"], "[0] does not order 2 axes"],
    [{ op: "slice", axis: 2, from: 0, to: 1 }, ["f32[2,3]"], "f32[2, 3] has no axis 2"],
    [{ op: "slice", axis: 1, from: 0, to: 4 }, ["f32[2,3]"], "0..4 is not within axis 1 of f32[2, 3]"],
    [{ op: "slice", axis: 1, from: -1, to: 2 }, ["f32[2,3]"], "-1..2 is not within axis 1 of f32[2, 3]"],
    [{ op: "slice", axis: 1, from: 2, to: 1 }, ["f32[2,3]"], "2..1 is not within axis 1 of f32[2, 3]"],
    [{ op: "concat", axis: 0 }, [], "it needs at least one tensor"],
    [{ op: "concat", axis: 1 }, ["f32[2]"], "f32[2] has no axis 1"],
    [{ op: "concat", axis: 0 }, ["f32[2,3]", "f32[2,4]"], "f32[2, 3] and f32[2, 4] differ in more than axis 0"],
    [{ op: "concat", axis: 0 }, ["f32[2]", "i32[2]"], "f32[2] and i32[2] differ in more than axis 0"],
    [{ op: "concat", axis: 0 }, ["f32[2]", "f32[2,1]"], "f32[2] and f32[2, 1] differ in more than axis 0"],
    [{ op: "pad", amounts: [[1, 1]] }, ["f32[2,3]"], "f32[2, 3] needs 2 pairs of amounts, not 1"],
    [{ op: "pad", amounts: [[1, -1]] }, ["f32[2]"], "amounts are not negative"],
    [{ op: "broadcast", shape: [2, 4] }, ["f32[3]"], "f32[3] cannot be repeated to [2, 4]"],
    [{ op: "broadcast", shape: [3] }, ["f32[1,3]"], "f32[1, 3] cannot be repeated to [3]"],
    [{ op: "gather", axis: 0 }, ["f32[3]", "f32[3]"], "the numbers of rows are i32, not f32[3]"],
    [{ op: "gather", axis: 0 }, ["f32[]", "i32[3]"], "its table has no rows"],
    [{ op: "scatter_add", rows: 4 }, ["f32[3]", "f32[3]"], "it needs numbers of type i32 and rows"],
    [{ op: "scatter_add", rows: 4 }, ["i32[2,3]", "f32[2,2]"], "f32[2, 2] has not a row for each of i32[2, 3]"],
    [{ op: "one_hot", depth: 4 }, ["f32[3]"], "it needs numbers of type i32"],
    [{ op: "dropout", rate: 1 }, ["f32[3]"], "its rate 1 is not a probability below 1"],
    [{ op: "dropout", rate: -0.1 }, ["f32[3]"], "its rate -0.1 is not a probability below 1"],
    [{ op: "dropout", rate: 0.5 }, ["i32[3]"], "it needs floating-point numbers"],
    [
      { op: "draw", from: { kind: "normal", standardDeviation: -1 }, shape: [2] },
      [],
      "its standard deviation -1 is negative",
    ],
    [{ op: "draw", from: { kind: "uniform", bound: -0.5 }, shape: [2] }, [], "its bound -0.5 is negative"],
    [{ op: "random_uniform", seed: 1, site: 1, shape: [2] }, ["f32[]"], "its step is one number of type i32"],
    [{ op: "random_uniform", seed: 1, site: 1, shape: [2] }, ["i32[1]"], "its step is one number of type i32"],
    [conv, ["f32[4,7]", "f32[7,1]"], "f32[4, 7] is not [batch, ..., channels] with one to three axes between them"],
    [
      conv,
      ["f32[2,3,4,5,6,7]", "f32[7,1,1,1,1,1]"],
      "f32[2, 3, 4, 5, 6, 7] is not [batch, ..., channels] with one to three axes between them",
    ],
    [
      conv,
      ["f32[2,4,5,6,7]", "f32[7,1,1,1]"],
      "the weight of f32[2, 4, 5, 6, 7] has 5 axes, not those of f32[7, 1, 1, 1]",
    ],
    [
      conv,
      ["f32[2,4,5,6,7]", "bf16[7,1,1,1,1]"],
      "f32[2, 4, 5, 6, 7] and bf16[7, 1, 1, 1, 1] are not both floating-point",
    ],
    [
      conv,
      ["i32[2,4,5,6,7]", "i32[7,1,1,1,1]"],
      "i32[2, 4, 5, 6, 7] and i32[7, 1, 1, 1, 1] are not both floating-point",
    ],
    [conv, ["f32[2,4,5,6,7]", "f32[6,1,1,1,1]"], "the 6 outputs of f32[6, 1, 1, 1, 1] do not divide into 7 groups"],
    [
      conv,
      ["f32[2,4,5,6,7]", "f32[7,2,1,3,1]"],
      "the weight of f32[2, 4, 5, 6, 7] in 7 groups is f32[7, 1, 1, 3, 1], not f32[7, 2, 1, 3, 1]",
    ],
    [
      { ...conv, groups: 2 },
      ["f32[2,4,5,6,7]", "f32[4,1,1,1,1]"],
      "the 7 channels of f32[2, 4, 5, 6, 7] do not divide into 2 groups",
    ],
    [
      { ...conv, groups: 0 },
      ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"],
      "its number of groups is a whole number of at least 1",
    ],
    [{ ...conv, stride: [1, 2] }, ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"], "its stride is for 2 axes, not for 3"],
    [{ ...conv, dilation: [2] }, ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"], "its dilation is for 1 axes, not for 3"],
    [{ ...conv, padding: [none, none] }, ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"], "its padding is for 2 axes, not for 3"],
    [
      { ...conv, stride: [1, 0, 1] },
      ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"],
      "its kernel, stride and dilation are whole numbers of at least 1",
    ],
    [
      { ...conv, padding: [none, [0.5, 0], none] },
      ["f32[2,4,5,6,7]", "f32[7,1,1,1,1]"],
      "its padding is of whole numbers that are not negative",
    ],
    [dense, ["f32[1,2,5,5,3]", "f32[3,3,3,3,3]"], "the kernel of f32[3, 3, 3, 3, 3] is larger than f32[1, 2, 5, 5, 3]"],
    [
      { ...dense, op: "conv_input", sizes: [4, 4, 4] },
      ["f32[1,2,2,2,3]", "f32[4,3,3,3,3]"],
      "f32[4, 3, 3, 3, 3] has 4 outputs, and f32[1, 2, 2, 2, 3] 3 channels",
    ],
    [
      { ...dense, op: "conv_input", sizes: [4, 4, 5] },
      ["f32[1,2,2,2,4]", "f32[4,3,3,3,3]"],
      "windows over [4, 4, 5] are [2, 2, 3], not those of f32[1, 2, 2, 2, 4]",
    ],
    ...[
      ["f32[2,4,5,6,7]", "f32[2,4,5,6,3]"],
      ["f32[2,4]", "f32[2,4]"],
      ["f32[2,4,5,6,7]", "f32[2,4]"],
    ].map((inputs): [Operation, readonly string[], string] => [
      { ...conv, op: "conv_weight", kernel: [1, 1, 1] },
      inputs,
      "it needs an input and its gradient",
    ]),
    [pool, ["f32[3,4]"], "f32[3, 4] is not [batch, ..., channels] with one to three axes between them"],
    [pool, ["i32[1,4,4,2]"], "it needs floating-point numbers"],
    [pool, ["f32[1,4,2]"], "its kernel is for 2 axes, not for 1"],
    [{ ...pool, kernel: [2, 5] }, ["f32[1,4,4,2]"], "a window of [2, 5] is larger than f32[1, 4, 4, 2]"],
    [
      { ...pool, op: "avg_pool", padding: [[0, 2], none] },
      ["f32[1,4,4,2]"],
      "its padding is smaller than its kernel: no window is of padding alone",
    ],
  ])("%j of %j", (operation, inputs, message) => {
    expect(resultType(operation, ...inputs)).toBe(message);
  });
});

describe("an operation without its inputs says so", () => {
  const shape = [1];
  test.each<[string, Operation, number]>([
    ["it needs a tensor", { op: "exp" }, 1],
    ["it needs two tensors", { op: "add" }, 2],
    ["it needs two tensors", { op: "less" }, 2],
    ["its condition must be of booleans", { op: "where" }, 1],
    ["it needs two tensors", product, 2],
    ["it needs a tensor of numbers", { op: "sum", axes: [0], keep: false }, 1],
    ["it needs floating-point numbers", { op: "softmax", axis: 0 }, 1],
    ["it needs a tensor", { op: "reshape", shape }, 1],
    ["it needs a tensor", { op: "transpose", permutation: [0] }, 1],
    ["it needs a tensor", { op: "slice", axis: 0, from: 0, to: 1 }, 1],
    ["it needs a tensor", { op: "pad", amounts: [none] }, 1],
    ["it needs a tensor", { op: "broadcast", shape }, 1],
    ["it needs a tensor", { op: "cast", dtype: "f32" }, 1],
    ["it needs a tensor", { op: "stop_gradient" }, 1],
    ["it needs a table and numbers", { op: "gather", axis: 0 }, 2],
    ["it needs numbers of type i32", { op: "one_hot", depth: 2 }, 1],
    ["it needs floating-point numbers", { op: "dropout", rate: 0.5 }, 1],
    ["its step is one number of type i32", { op: "random_uniform", seed: 1, site: 1, shape }, 1],
    ["it needs a tensor and a weight", conv, 2],
    ["it needs a tensor and a weight", { ...conv, op: "conv_input", sizes: ones }, 2],
    ["it needs an input and its gradient", { ...conv, op: "conv_weight", kernel: ones }, 2],
    ["it needs a tensor", pool, 1],
    ["it needs an input and a gradient", { ...pool, op: "max_pool_input" }, 2],
    ["it needs a gradient", { ...pool, op: "avg_pool_input", sizes: [4, 4] }, 1],
  ])("%s: %j", (message, operation, count) => {
    for (let given = 0; given < count; given++)
      expect(resultType(operation, ...Array.from({ length: given }, () => "f32[1,1,1,1,1]"))).toBe(message);
  });
  test("rows that are added need their numbers first", () => {
    expect(resultType({ op: "scatter_add", rows: 1 }, "i32[1]")).toBe("it needs numbers of type i32 and rows");
  });
});

describe("an operation that can be applied gives a type", () => {
  test.each<[Operation, readonly string[], string]>([
    [{ op: "add" }, ["f32[2,1,4]", "f32[3,1]"], "f32[2, 3, 4]"],
    [{ op: "add" }, ["f32[]", "f32[2,3]"], "f32[2, 3]"],
    [{ op: "less" }, ["i32[2,1]", "i32[3]"], "bool[2, 3]"],
    [{ op: "equal" }, ["bool[2]", "bool[2]"], "bool[2]"],
    [{ op: "where" }, ["bool[2,1,1]", "f32[3,1]", "f32[4]"], "f32[2, 3, 4]"],
    [{ op: "sum", axes: [0, -1], keep: false }, ["f32[2,3,4]"], "f32[3]"],
    [{ op: "sum", axes: [0, -1], keep: true }, ["i32[2,3,4]"], "i32[1, 3, 1]"],
    [{ op: "argmax", axis: -2, keep: true }, ["bf16[2,3,4]"], "i32[2, 1, 4]"],
    [{ op: "softmax", axis: -2 }, ["bf16[2,3]"], "bf16[2, 3]"],
    [product, ["bf16[4,5,2,3]", "bf16[4,5,3,6]"], "bf16[4, 5, 2, 6]"],
    [product, ["f32[4,2,3]", "f32[3,6]"], "f32[4, 2, 6]"],
    [product, ["f32[2,3]", "f32[4,3,6]"], "f32[4, 2, 6]"],
    [{ op: "matmul", transposeA: true, transposeB: true }, ["f32[3,2]", "f32[6,3]"], "f32[2, 6]"],
    [{ op: "reshape", shape: [] }, ["i32[1,1]"], "i32[]"],
    [{ op: "slice", axis: -1, from: 1, to: 1 }, ["f32[2,3]"], "f32[2, 0]"],
    [{ op: "slice", axis: 0, from: 0, to: 2 }, ["f32[2,3]"], "f32[2, 3]"],
    [{ op: "concat", axis: -1 }, ["i32[2,3]", "i32[2,1]", "i32[2,2]"], "i32[2, 6]"],
    [
      {
        op: "pad",
        amounts: [
          [0, 2],
          [3, 0],
        ],
      },
      ["i32[2,3]"],
      "i32[4, 6]",
    ],
    [{ op: "broadcast", shape: [2, 3, 4] }, ["bool[3,1]"], "bool[2, 3, 4]"],
    [{ op: "gather", axis: 0 }, ["bf16[9]", "i32[2,3]"], "bf16[2, 3]"],
    [{ op: "scatter_add", rows: 7 }, ["i32[2,3]", "bf16[2,3,4]"], "bf16[7, 4]"],
    [{ op: "one_hot", depth: 7 }, ["i32[2,3]"], "f32[2, 3, 7]"],
    [{ op: "cast", dtype: "i32" }, ["bool[2]"], "i32[2]"],
    [{ op: "dropout", rate: 0 }, ["bf16[2]"], "bf16[2]"],
    [{ op: "random_uniform", seed: 1, site: 1, shape: [2, 3] }, ["i32[]"], "f32[2, 3]"],
    [{ ...conv, padding: [[2, 0], [0, 1], none] }, ["bf16[2,4,5,6,7]", "bf16[7,1,3,1,6]"], "bf16[2, 4, 6, 1, 7]"],
    [{ ...dense, stride: [2, 1, 3], dilation: [1, 2, 1] }, ["f32[2,4,5,6,7]", "f32[3,7,2,3,1]"], "f32[2, 2, 1, 2, 3]"],
    [{ ...conv, op: "conv_weight", kernel: [3, 1, 2] }, ["f32[2,4,5,6,7]", "f32[2,2,5,5,7]"], "f32[7, 1, 3, 1, 2]"],
  ])("%j of %j is %s", (operation, inputs, expected) => {
    expect(resultType(operation, ...inputs)).toBe(expected);
  });
});
