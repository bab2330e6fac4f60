import { describe, expect, test } from "vitest";
import type { Operation } from "../../compiler/ir/types.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { tensor, valuesOf } from "./tensors.ts";

const row = tensor("f32[3]", -2, 0, 4);
const table = tensor("f32[2,3]", 1, 2, 3, 4, 5, 6);
const none: readonly [number, number] = [0, 0];

describe("functions of each element", () => {
  test.each<[Operation["op"] & ("neg" | "abs" | "sign"), readonly number[]]>([
    ["neg", [2, 0, -4]],
    ["abs", [2, 0, 4]],
    ["sign", [-1, 0, 1]],
  ])("%s", (op, expected) => {
    expect(valuesOf({ op }, row)).toEqual(expected);
  });

  test.each<["exp" | "log" | "sqrt" | "rsqrt" | "tanh" | "sin" | "cos", number, number]>([
    ["exp", 1, Math.E],
    ["log", Math.E, 1],
    ["sqrt", 9, 3],
    ["rsqrt", 4, 0.5],
    ["tanh", 0.5, 0.46211715726000974],
    ["sin", Math.PI / 6, 0.5],
    ["cos", Math.PI / 3, 0.5],
  ])("%s of %d is %d", (op, x, expected) => {
    expect(valuesOf({ op }, tensor("f32[1]", x))[0]).toBeCloseTo(expected, 14);
  });

  // From tables of the error function, to all digits of a double.
  test.each([
    [0, 0],
    [1e-8, 1.1283791670955126e-8],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.4, 0.999311486103355],
    [2.5, 0.999593047982555],
    [3, 0.9999779095030014],
    [5, 0.9999999999984626],
    [6.5, 1],
    [-1, -0.8427007929497149],
    [-3, -0.9999779095030014],
    [-7, -1],
  ])("erf of %d is %d", (x, expected) => {
    expect(valuesOf({ op: "erf" }, tensor("f32[1]", x))[0]).toBeCloseTo(expected, 14);
  });

  test("erf is odd, and has no step where its two forms meet", () => {
    const [below = 0, above = 0] = valuesOf({ op: "erf" }, tensor("f32[2]", 2.5 - 1e-9, 2.5 + 1e-9));
    expect(above - below).toBeGreaterThan(0);
    expect(above - below).toBeLessThan(1e-11);
  });
});

describe("functions of two operands, broadcast from the last axis on", () => {
  test.each<["add" | "sub" | "mul" | "div" | "maximum" | "minimum" | "pow", readonly number[]]>([
    ["add", [3, 7, 7, 11, 11, 15]],
    ["sub", [-1, -3, -1, -3, -1, -3]],
    ["mul", [2, 10, 12, 28, 30, 54]],
    ["div", [1 / 2, 2 / 5, 3 / 4, 4 / 7, 5 / 6, 6 / 9]],
    ["maximum", [2, 5, 4, 7, 6, 9]],
    ["minimum", [1, 2, 3, 4, 5, 6]],
    ["pow", [1, 32, 81, 16384, 15625, 10077696]],
  ])("%s of tensors of one shape", (op, expected) => {
    expect(valuesOf({ op }, tensor("f32[3,2]", 1, 2, 3, 4, 5, 6), tensor("f32[3,2]", 2, 5, 4, 7, 6, 9))).toEqual(
      expected,
    );
  });

  test.each<[string, TensorData, TensorData, readonly number[]]>([
    ["a row for each row", table, tensor("f32[3]", 10, 20, 30), [11, 22, 33, 14, 25, 36]],
    ["a number for each row", table, tensor("f32[2,1]", 10, 20), [11, 12, 13, 24, 25, 26]],
    ["one number", tensor("f32[]", 10), table, [11, 12, 13, 14, 15, 16]],
    ["a column and a row", tensor("f32[2,1]", 1, 2), tensor("f32[1,2]", 10, 20), [11, 21, 12, 22]],
  ])("%s", (_, a, b, expected) => {
    expect(valuesOf({ op: "add" }, a, b)).toEqual(expected);
  });

  test.each<["equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal", readonly number[]]>([
    ["equal", [0, 1, 0]],
    ["not_equal", [1, 0, 1]],
    ["less", [1, 0, 0]],
    ["less_equal", [1, 1, 0]],
    ["greater", [0, 0, 1]],
    ["greater_equal", [0, 1, 1]],
  ])("%s", (op, expected) => {
    expect(valuesOf({ op }, row, tensor("f32[]", 0))).toEqual(expected);
  });

  test("where takes the first value where its condition holds", () => {
    const condition = tensor("bool[2,1]", 1, 0);
    expect(valuesOf({ op: "where" }, condition, table, tensor("f32[3]", 7, 8, 9))).toEqual([1, 2, 3, 7, 8, 9]);
  });
});

describe("other types of element", () => {
  test("whole numbers are cut off towards 0, and what is not 0 is true", () => {
    const values = tensor("f32[4]", -1.7, 0, 0.5, 2);
    expect(valuesOf({ op: "cast", dtype: "i32" }, values)).toEqual([-1, 0, 0, 2]);
    expect(valuesOf({ op: "cast", dtype: "bool" }, values)).toEqual([1, 0, 1, 1]);
    expect(valuesOf({ op: "cast", dtype: "f32" }, values)).toEqual([-1.7, 0, 0.5, 2]);
  });
});

describe("reductions", () => {
  const box = tensor("f32[2,3,2]", 1, 9, 3, 7, 5, 5, 8, 2, 6, 4, 6, 0);

  test.each<[readonly number[], readonly number[], readonly number[]]>([
    [[1], [9, 21, 20, 6], [5, 9, 8, 4]],
    [
      [0, 2],
      [20, 20, 16],
      [9, 7, 6],
    ],
    [[-1], [10, 10, 10, 10, 10, 6], [9, 7, 5, 8, 6, 6]],
    [[0, 1, 2], [56], [9]],
  ])("sum and max over %j", (axes, sums, largest) => {
    for (const keep of [true, false]) {
      expect(valuesOf({ op: "sum", axes, keep }, box)).toEqual(sums);
      expect(valuesOf({ op: "max", axes, keep }, box)).toEqual(largest);
    }
  });

  test("the largest of negative numbers", () => {
    expect(valuesOf({ op: "max", axes: [0], keep: false }, tensor("f32[2]", -3, -2))).toEqual([-2]);
  });

  test("argmax is the first of several largest", () => {
    expect(valuesOf({ op: "argmax", axis: 0, keep: false }, box)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(valuesOf({ op: "argmax", axis: 1, keep: false }, box)).toEqual([2, 0, 0, 1]);
    expect(valuesOf({ op: "argmax", axis: -1, keep: true }, tensor("f32[2,3]", 2, 2, 1, -5, -4, -4))).toEqual([0, 1]);
  });

  test("softmax and its logarithm, of numbers however large", () => {
    const logits = tensor("f32[2,2]", Math.log(1), Math.log(3), 1000, 1000);
    const shares = valuesOf({ op: "softmax", axis: -1 }, logits);
    for (const [index, expected] of [0.25, 0.75, 0.5, 0.5].entries()) expect(shares[index]).toBeCloseTo(expected, 14);
    const logarithms = valuesOf({ op: "log_softmax", axis: 1 }, logits);
    for (const [index, share] of shares.entries()) expect(logarithms[index]).toBeCloseTo(Math.log(share), 12);
    const columns = valuesOf({ op: "softmax", axis: 0 }, tensor("f32[2,2]", 0, 0, Math.log(4), 0));
    for (const [index, expected] of [0.2, 0.5, 0.8, 0.5].entries()) expect(columns[index]).toBeCloseTo(expected, 14);
  });
});

describe("matrix products", () => {
  const a = tensor("f32[2,3]", 1, 2, 3, 4, 5, 6);
  const aTurned = tensor("f32[3,2]", 1, 4, 2, 5, 3, 6);
  const b = tensor("f32[3,2]", 7, 8, 9, 10, 11, 12);
  const bTurned = tensor("f32[2,3]", 7, 9, 11, 8, 10, 12);
  const expected = [58, 64, 139, 154];

  test("of matrices read as they are, and transposed", () => {
    expect(valuesOf({ op: "matmul", transposeA: false, transposeB: false }, a, b)).toEqual(expected);
    expect(valuesOf({ op: "matmul", transposeA: true, transposeB: false }, aTurned, b)).toEqual(expected);
    expect(valuesOf({ op: "matmul", transposeA: false, transposeB: true }, a, bTurned)).toEqual(expected);
    expect(valuesOf({ op: "matmul", transposeA: true, transposeB: true }, aTurned, bTurned)).toEqual(expected);
  });

  test("of several with one, and with as many", () => {
    const several = tensor("f32[2,1,2]", 1, 2, 3, 4);
    const plain = { op: "matmul", transposeA: false, transposeB: false } as const;
    expect(valuesOf(plain, several, tensor("f32[2,2]", 1, 0, 1, 1))).toEqual([3, 2, 7, 4]);
    expect(valuesOf(plain, several, tensor("f32[2,2,1]", 1, 1, 10, 100))).toEqual([3, 430]);
    expect(valuesOf(plain, tensor("f32[1,2]", 1, 2), tensor("f32[2,2,1]", 1, 1, 10, 100))).toEqual([3, 210]);
  });
});

describe("elements in another order or shape", () => {
  test.each<[string, Operation, readonly TensorData[], readonly number[]]>([
    ["reshape", { op: "reshape", shape: [3, 2] }, [table], [1, 2, 3, 4, 5, 6]],
    ["transpose", { op: "transpose", permutation: [1, 0] }, [table], [1, 4, 2, 5, 3, 6]],
    [
      "transpose of three axes",
      { op: "transpose", permutation: [2, 0, 1] },
      [tensor("f32[1,2,3]", 1, 2, 3, 4, 5, 6)],
      [1, 4, 2, 5, 3, 6],
    ],
    ["slice of columns", { op: "slice", axis: -1, from: 1, to: 3 }, [table], [2, 3, 5, 6]],
    ["slice of rows", { op: "slice", axis: 0, from: 1, to: 2 }, [table], [4, 5, 6]],
    ["concat of columns", { op: "concat", axis: 1 }, [table, tensor("f32[2,1]", 7, 8)], [1, 2, 3, 7, 4, 5, 6, 8]],
    [
      "concat of rows",
      { op: "concat", axis: 0 },
      [tensor("f32[1,2]", 7, 8), tensor("f32[2,2]", 1, 2, 3, 4)],
      [7, 8, 1, 2, 3, 4],
    ],
    [
      "pad",
      {
        op: "pad",
        amounts: [
          [1, 0],
          [2, 1],
        ],
      },
      [tensor("f32[1,2]", 7, 8)],
      [0, 0, 0, 0, 0, 0, 0, 7, 8, 0],
    ],
    ["broadcast", { op: "broadcast", shape: [2, 2, 2] }, [tensor("f32[2,1]", 7, 8)], [7, 7, 8, 8, 7, 7, 8, 8]],
    ["stop_gradient", { op: "stop_gradient" }, [table], [1, 2, 3, 4, 5, 6]],
    [
      "draws, where nothing is trained",
      { op: "draw", from: { kind: "normal", standardDeviation: 2 }, shape: [3] },
      [],
      [0, 0, 0],
    ],
    ["dropout, where nothing is trained", { op: "dropout", rate: 0.5 }, [table], [1, 2, 3, 4, 5, 6]],
  ])("%s", (_, operation, inputs, expected) => {
    expect(valuesOf(operation, ...inputs)).toEqual(expected);
  });
});

describe("rows by number", () => {
  const rows = tensor("f32[3,2]", 1, 2, 3, 4, 5, 6);

  test("gather takes them, and zeros for numbers that the table does not have", () => {
    expect(valuesOf({ op: "gather", axis: 0 }, rows, tensor("i32[2,2]", 2, 0, 3, -1))).toEqual([
      5, 6, 1, 2, 0, 0, 0, 0,
    ]);
  });

  test("scatter_add adds them where they are named, and drops those that the table does not have", () => {
    const values = tensor("f32[5,2]", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    expect(valuesOf({ op: "scatter_add", rows: 2 }, tensor("i32[5]", 1, 0, 1, 2, -1), values)).toEqual([3, 4, 6, 8]);
  });

  test("one_hot has a 1 where a number says, if there is such a place", () => {
    expect(valuesOf({ op: "one_hot", depth: 3 }, tensor("i32[4]", 2, 0, 3, -1))).toEqual([
      0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });
});

describe("what has no inputs", () => {
  test("constants, and the numbers from 0 up", () => {
    expect(valuesOf({ op: "constant", value: 7, type: table.type })).toEqual([7, 7, 7, 7, 7, 7]);
    expect(valuesOf({ op: "iota", size: 4 })).toEqual([0, 1, 2, 3]);
  });

  test("inputs and parameters are not computed", () => {
    expect(() => valuesOf({ op: "input", name: "x", type: table.type })).toThrow(
      "inputs and parameters are given to a program",
    );
  });
});

describe("random numbers", () => {
  const draw = (seed: number, step: number, site: number) =>
    valuesOf({ op: "random_uniform", seed, site, shape: [2000] }, tensor("i32[]", step));

  test("are from 0 up to 1, spread evenly, and the same each time", () => {
    const values = draw(1, 2, 3);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) {
      const count = values.filter((value) => Math.floor(10 * value) === tenth).length;
      expect(count).toBeGreaterThan(140);
      expect(count).toBeLessThan(260);
    }
    expect(draw(1, 2, 3)).toEqual(values);
  });

  test("follow from the seed, the step and the site, without being alike", () => {
    const values = draw(1, 2, 3);
    for (const other of [draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4), draw(3, 2, 1)]) {
      expect(values.filter((value, place) => value === other[place]).length).toBeLessThan(5);
      const together = values.reduce((sum, value, place) => sum + (value - 0.5) * ((other[place] ?? 0) - 0.5), 0);
      // Of independent numbers it is 0, give or take 1 / 12 of the square root of how many there are.
      expect(Math.abs(together)).toBeLessThan(5 * (Math.sqrt(2000) / 12));
    }
  });
});

describe("convolution in groups of one channel", () => {
  const ones = [1, 1, 1];
  const unpadded = [none, none, none];
  const moves = { stride: ones, dilation: ones, padding: unpadded } as const;

  test("each channel has a kernel of its own", () => {
    // Two channels beside each other: 1, 2, 3 and 10, 20, 30 along the width.
    const input = tensor("f32[1,1,1,3,2]", 1, 10, 2, 20, 3, 30);
    const weight = tensor("f32[2,1,1,1,2]", 1, 2, 3, 5);
    const operation = { op: "conv", ...moves, groups: 2 } as const;
    expect(valuesOf(operation, input, weight)).toEqual([1 + 4, 30 + 100, 2 + 6, 60 + 150]);
    // The gradient of the input: each element is weighted by the taps that read it.
    const gradient = tensor("f32[1,1,1,2,2]", 1, 10, 2, 20);
    const sizes = [1, 1, 3];
    expect(valuesOf({ ...operation, op: "conv_input", sizes }, gradient, weight)).toEqual([
      1,
      30,
      2 + 2,
      50 + 60,
      4,
      100,
    ]);
  });

  test("axes are time, height and width, with padding before and behind of their own", () => {
    const input = tensor("f32[1,2,2,2,1]", 1, 2, 3, 4, 5, 6, 7, 8);
    const along = (axis: number, padding: readonly (readonly [number, number])[]) => {
      const kernel = [1, 1, 1].with(axis, 2);
      return valuesOf({ op: "conv", ...moves, padding, groups: 1 }, input, tensor(`f32[1,1,${kernel.join()}]`, 1, 10));
    };
    expect(along(0, unpadded)).toEqual([51, 62, 73, 84]);
    expect(along(1, unpadded)).toEqual([31, 42, 75, 86]);
    expect(along(2, unpadded)).toEqual([21, 43, 65, 87]);
    expect(along(0, [[1, 0], none, none])).toEqual([10, 20, 30, 40, 51, 62, 73, 84]);
    expect(along(1, [none, [0, 1], none])).toEqual([31, 42, 3, 4, 75, 86, 7, 8]);
    expect(along(2, [none, none, [1, 0]])).toEqual([10, 21, 30, 43, 50, 65, 70, 87]);
  });

  test("examples of a batch are apart, and all taps of a kernel are used", () => {
    const input = tensor("f32[2,2,2,2,1]", ...Array.from({ length: 16 }, (_, place) => place + 1));
    const weight = tensor("f32[1,1,2,2,2]", 1, 2, 3, 4, 5, 6, 7, 8);
    const operation = { op: "conv", ...moves, groups: 1 } as const;
    // The sums of i * i for i to 8, and of i * (i + 8).
    expect(valuesOf(operation, input, weight)).toEqual([204, 204 + 8 * 36]);
  });

  test("the gradient of a weight is a sum over all places and examples", () => {
    const input = tensor("f32[2,1,1,3,2]", 1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60);
    const gradient = tensor("f32[2,1,1,2,2]", 1, 1, 2, 2, 3, 3, 4, 4);
    const operation = { op: "conv_weight", ...moves, groups: 2, kernel: [1, 1, 2] } as const;
    const [first, second] = [1 + 2 * 2 + 3 * 4 + 4 * 5, 2 + 2 * 3 + 3 * 5 + 4 * 6];
    expect(valuesOf(operation, input, gradient)).toEqual([first, second, 10 * first, 10 * second]);
  });
});

describe("convolution", () => {
  test("every output has a weight for each channel, and windows move by stride and look past dilation", () => {
    const input = tensor("f32[1,5,2]", 1, 10, 2, 20, 3, 30, 4, 40, 5, 50);
    const weight = tensor("f32[2,2,2]", 1, 2, 1, 2, 0, 0, 3, 4);
    const moves = { stride: [2], dilation: [1], padding: [none], groups: 1 } as const;
    expect(valuesOf({ op: "conv", ...moves }, input, weight)).toEqual([
      1 + 4 + 10 + 40,
      30 + 80,
      3 + 8 + 30 + 80,
      90 + 160,
    ]);
    expect(valuesOf({ op: "conv", ...moves, dilation: [2] }, input, weight)).toEqual([
      1 + 6 + 10 + 60,
      30 + 120,
      3 + 10 + 30 + 100,
      90 + 200,
    ]);
  });

  test("a group of outputs sees its group of channels", () => {
    const input = tensor("f32[1,1,4]", 1, 10, 100, 1000);
    const weight = tensor("f32[4,2,1]", 1, 2, 3, 4, 5, 6, 7, 8);
    const operation = { op: "conv", stride: [1], dilation: [1], padding: [none], groups: 2 } as const;
    expect(valuesOf(operation, input, weight)).toEqual([21, 43, 6500, 8700]);
  });
});

describe("pools", () => {
  const pool = { kernel: [2, 2], stride: [2, 1], padding: [[1, 0] as const, none] };
  const input = tensor("f32[1,3,3,1]", 1, 5, 5, 5, -1, -2, -3, -1, -9);

  test("the largest of each window, never of padding", () => {
    expect(valuesOf({ op: "max_pool", ...pool }, input)).toEqual([5, 5, 5, -1]);
    expect(valuesOf({ op: "max_pool", ...pool }, tensor("f32[1,1,2,1]", -3, -4))).toEqual([-3]);
  });

  test("the first of several largest elements takes the gradient", () => {
    const gradient = tensor("f32[1,2,2,1]", 1, 2, 4, 8);
    expect(valuesOf({ op: "max_pool_input", ...pool }, input, gradient)).toEqual([0, 3, 0, 4, 8, 0, 0, 0, 0]);
  });

  test("padding counts as zeros of a mean", () => {
    expect(valuesOf({ op: "avg_pool", ...pool }, input)).toEqual([6 / 4, 10 / 4, 0, -13 / 4]);
    const gradient = tensor("f32[1,2,2,1]", 4, 8, 12, 16);
    expect(valuesOf({ op: "avg_pool_input", ...pool, sizes: [3, 3] }, gradient)).toEqual([1, 3, 2, 3, 7, 4, 3, 7, 4]);
  });
});
