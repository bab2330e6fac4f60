import { describe, expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { f32, meetingIn, type Trace } from "./row-trace.ts";

type Make = (trace: Trace, x: Node) => Node;

const apart: readonly (readonly [string, Make])[] = [
  ["a function of each element", (t, x) => t.add({ op: "exp" }, x)],
  ["a sum with the same for every row", (t, x) => t.add({ op: "add" }, x, t.weight(4))],
  ["a sum with a row of its own", (t, x) => t.add({ op: "add" }, x, t.add({ op: "sin" }, x))],
  ["a product with a number of each row", (t, x) => t.add({ op: "mul" }, x, t.sum(x, [1], true))],
  [
    "a product with as many numbers as there are rows, all of them equal",
    (t, x) => t.add({ op: "mul" }, x, t.constant(2, t.rows, 4)),
  ],
  [
    "a choice by a condition",
    (t, x) => t.add({ op: "where" }, t.add({ op: "greater" }, x, t.constant(0)), x, t.weight(4)),
  ],
  [
    "another type of element, and back",
    (t, x) => t.add({ op: "cast", dtype: "f32" }, t.add({ op: "cast", dtype: "i32" }, x)),
  ],
  ["softmax within rows", (t, x) => t.add({ op: "softmax", axis: 1 }, x)],
  ["log softmax within rows, from the last axis", (t, x) => t.add({ op: "log_softmax", axis: -1 }, x)],
  ["a sum within rows", (t, x) => t.sum(x, [-1])],
  ["the largest within rows", (t, x) => t.add({ op: "max", axes: [1], keep: true }, x)],
  [
    "the place of the largest within rows",
    (t, x) => t.add({ op: "cast", dtype: "f32" }, t.add({ op: "argmax", axis: 1, keep: false }, x)),
  ],
  [
    "a sum over axes before and behind the rows",
    (t, x) => t.sum(t.transpose(t.reshape(x, t.rows, 2, 2), 1, 0, 2), [0, 2]),
  ],
  ["rows on the left of a matrix product", (t, x) => t.matmul(x, t.weight(4, 3))],
  ["rows on the left, transposed", (t, x) => t.matmul(t.transpose(x, 1, 0), t.weight(4, 3), true)],
  ["rows on the right, transposed", (t, x) => t.transpose(t.matmul(t.weight(3, 4), x, false, true), 1, 0)],
  ["rows on the right", (t, x) => t.transpose(t.matmul(t.weight(3, 4), t.transpose(x, 1, 0)), 1, 0)],
  [
    "a matrix of each row with another of it",
    (t, x) => t.matmul(t.reshape(x, t.rows, 2, 2), t.reshape(x, t.rows, 2, 2), false, true),
  ],
  ["a matrix of each row with one of none", (t, x) => t.matmul(t.weight(3, 2), t.reshape(x, t.rows, 2, 2))],
  ["(b t) d", (t, x) => t.add({ op: "softmax", axis: 1 }, t.reshape(x, 2 * t.rows, 2))],
  ["(b t) d and back to b t d", (t, x) => t.reshape(t.reshape(x, 2 * t.rows, 2), t.rows, 2, 2)],
  [
    "t b d, and back to b t d",
    (t, x) => t.transpose(t.add({ op: "exp" }, t.transpose(t.reshape(x, t.rows, 2, 2), 1, 0, 2)), 1, 0, 2),
  ],
  ["1 b d", (t, x) => t.reshape(x, t.rows, 1, 4)],
  [
    "columns beside columns",
    (t, x) => t.add({ op: "concat", axis: -1 }, x, t.add({ op: "broadcast", shape: [t.rows, 2] }, t.weight(1, 2)), x),
  ],
  ["some columns", (t, x) => t.add({ op: "slice", axis: 1, from: 1, to: 3 }, x)],
  [
    "zeros behind columns",
    (t, x) =>
      t.add(
        {
          op: "pad",
          amounts: [
            [0, 0],
            [1, 2],
          ],
        },
        x,
      ),
  ],
  ["one number of each row, repeated", (t, x) => t.add({ op: "broadcast", shape: [t.rows, 5] }, t.sum(x, [1], true))],
  ["rows of a table", (t) => t.add({ op: "gather", axis: 0 }, t.weight(9, 4), t.ids(3))],
  [
    "rows of a table along another axis",
    (t) => t.transpose(t.add({ op: "gather", axis: 1 }, t.weight(3, 9), t.ids()), 1, 0),
  ],
  ["columns by number", (t, x) => t.add({ op: "gather", axis: 1 }, x, t.add({ op: "iota", size: 3 }))],
  [
    "elements of each row by place",
    (t, x) => t.add({ op: "gather_along" }, x, t.add({ op: "argsort", descending: true, count: 2 }, x)),
  ],
  ["running sums within rows", (t, x) => t.add({ op: "cumsum", axis: 1, reverse: false }, x)],
  [
    "whole numbers divided",
    (t) => t.add({ op: "gather", axis: 0 }, t.weight(9, 4), t.add({ op: "floor_div", divisor: 2 }, t.ids())),
  ],
  ["one-hot rows", (t) => t.add({ op: "one_hot", depth: 5 }, t.ids())],
  ["dropout", (t, x) => t.add({ op: "dropout", rate: 0.5 }, x)],
  ["what gradients do not pass", (t, x) => t.add({ op: "stop_gradient" }, x)],
  [
    "a convolution of each row",
    (t) => {
      const padding = [
        [1, 0],
        [1, 1],
        [1, 1],
      ] as const;
      return t.add(
        { op: "conv", stride: [1, 2, 1], dilation: [1, 1, 1], padding, groups: 2 },
        t.input("v", f32(t.rows, 2, 3, 3, 2)),
        t.weight(2, 1, 2, 3, 3),
      );
    },
  ],
  [
    "a pool of each row",
    (t) => {
      const pool = { kernel: [2], stride: [2], padding: [[0, 1]] } as const;
      const largest = t.add({ op: "max_pool", ...pool }, t.input("v", f32(t.rows, 5, 2)));
      return t.add({ op: "avg_pool", ...pool }, largest);
    },
  ],
];

const together: readonly (readonly [string, Make])[] = [
  ["softmax along the batch", (t, x) => t.add({ op: "softmax", axis: 0 }, x)],
  ["log softmax along the batch, from the last axis", (t, x) => t.add({ op: "log_softmax", axis: -2 }, x)],
  ["a sum over the batch", (t, x) => t.sum(x, [0])],
  ["a sum over the batch that keeps its axis", (t, x) => t.sum(x, [-2, 1], true)],
  ["the largest of the batch", (t, x) => t.add({ op: "max", axes: [0], keep: false }, x)],
  [
    "the place of the largest of the batch",
    (t, x) => t.add({ op: "cast", dtype: "f32" }, t.add({ op: "argmax", axis: 0, keep: false }, x)),
  ],
  ["the first row", (t, x) => t.add({ op: "slice", axis: 0, from: 0, to: 1 }, x)],
  ["one half of the rows", (t, x) => t.add({ op: "slice", axis: 0, from: 0, to: t.rows / 2 }, x)],
  ["rows behind rows", (t, x) => t.add({ op: "concat", axis: 0 }, x, x)],
  [
    "zeros behind rows",
    (t, x) =>
      t.add(
        {
          op: "pad",
          amounts: [
            [0, 1],
            [0, 0],
          ],
        },
        x,
      ),
  ],
  ["rows on both sides of a matrix product", (t, x) => t.matmul(x, x, false, true)],
  ["a matrix product that sums over rows", (t, x) => t.matmul(x, x, true)],
  ["rows of the batch as a table", (t, x) => t.add({ op: "gather", axis: 0 }, x, t.add({ op: "iota", size: 2 }))],
  ["rows of the batch as a table, by numbers of each row", (t, x) => t.add({ op: "gather", axis: 0 }, x, t.ids(3))],
  ["rows that are added into a table", (t, x) => t.add({ op: "scatter_add", rows: 5 }, t.ids(), x)],
  [
    "the number of each row",
    (t, x) => {
      const numbers = t.add({ op: "cast", dtype: "f32" }, t.add({ op: "iota", size: t.rows }));
      return t.add({ op: "mul" }, x, t.reshape(numbers, t.rows, 1));
    },
  ],
  ["how many rows there are", (t, x) => t.add({ op: "mul" }, x, t.constant(1 / t.rows))],
  [
    "one-hot of as many as there are rows",
    (t, x) => {
      return t.matmul(t.add({ op: "one_hot", depth: t.rows }, t.add({ op: "iota", size: t.rows })), x);
    },
  ],
  ["a reshape that mixes rows", (t, x) => t.reshape(x, 4, t.rows)],
  ["d b flattened", (t, x) => t.reshape(t.transpose(x, 1, 0), 4 * t.rows)],
  [
    "every row beside every other",
    (t, x) => {
      const [column, row] = [t.sum(x, [1], true), t.reshape(t.sum(x, [1]), 1, t.rows)];
      return t.add({ op: "maximum" }, column, row);
    },
  ],
];

describe("rows stay apart", () => {
  test.each(apart)("%s", (_, make) => {
    const { found, given } = meetingIn((trace) => {
      const value = make(trace, trace.vectors());
      return { loss: trace.total(value), given: value };
    });
    expect(found).toEqual([given]);
  });
});

describe("rows meet", () => {
  test.each(together)("%s", (_, make) => {
    const { found, given } = meetingIn((trace) => {
      const value = make(trace, trace.vectors());
      return { loss: trace.total(value), given: value };
    });
    expect(found?.length).toBeGreaterThan(0);
    expect(found).not.toContain(given);
  });
});
