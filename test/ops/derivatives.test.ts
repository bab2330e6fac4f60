import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { elementCount, type Node, type Operation } from "../../compiler/ir/types.ts";
import { differentiableNames, inferType, type TensorData } from "../../compiler/ops/index.ts";
import { gradientsOf } from "../../compiler/passes/reverse-mode.ts";
import { createSource } from "../../grammar/index.ts";
import { Random } from "../random.ts";
import { randomConvolution } from "./random-convolution.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };

/** Inputs of an operation: shapes of numbers within a range, or whole numbers below a limit. */
type Operand =
  | { readonly shape: readonly number[]; readonly from?: number; readonly to?: number }
  | { readonly shape: readonly number[]; readonly below: number };

function random(operand: Operand, numbers: Random): TensorData {
  const ids = "below" in operand;
  const type = { dtype: ids ? ("i32" as const) : ("f32" as const), shape: operand.shape };
  const from = ids ? 0 : (operand.from ?? -2);
  const to = ids ? 0 : (operand.to ?? 2);
  const data = Float64Array.from({ length: elementCount(type) }, () =>
    ids ? numbers.below(operand.below) : from + (numbers.below(1_000_000) / 1_000_000) * (to - from),
  );
  return { type, data };
}

/**
 * The largest difference between the gradients of sum(weights * operation(inputs)) and central differences in f64,
 * relative to the largest gradient.
 */
function largestError(operation: Operation, operands: readonly Operand[], seed: number): number {
  const numbers = new Random(seed);
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const values = operands.map((operand) => random(operand, numbers));
  const parameters = new Map(values.map((value, index) => [`p${index}`, value]));
  const nodes = values.map(({ type }, index) => build.add({ op: "parameter", path: `p${index}`, type }));
  const output = build.add(operation, ...nodes);
  const weights = build.add({ op: "parameter", path: "weights", type: output.type });
  parameters.set("weights", random({ shape: output.type.shape, from: 0.5, to: 1.5 }, numbers));
  const axes = output.type.shape.map((_, axis) => axis);
  const loss = build.sum(build.mul(output, weights), axes, false);
  const wanted = nodes.filter(({ type }) => type.dtype === "f32");
  const gradients = gradientsOf(graph, loss, new Set(wanted));
  const lossAt = (): number => evaluate([loss], { inputs: new Map(), parameters }, "f64").get(loss)?.data[0] ?? 0;
  const computed = evaluate([...gradients.values()], { inputs: new Map(), parameters }, "f64");
  let error = 0;
  let largest = 1e-3;
  for (const node of wanted) {
    const value = parameters.get(node.operation.op === "parameter" ? node.operation.path : "");
    const gradient = gradientOf(gradients.get(node), computed);
    for (let place = 0; place < (value?.data.length ?? 0); place++) {
      if (value === undefined) continue;
      const before = value.data[place] ?? 0;
      const step = 1e-5;
      value.data[place] = before + step;
      const above = lossAt();
      value.data[place] = before - step;
      const below = lossAt();
      value.data[place] = before;
      const expected = (above - below) / (2 * step);
      largest = Math.max(largest, Math.abs(expected));
      error = Math.max(error, Math.abs(expected - (gradient?.data[place] ?? 0)));
    }
  }
  return error / largest;
}

function gradientOf(node: Node | undefined, computed: ReadonlyMap<Node, TensorData>): TensorData | undefined {
  return node === undefined ? undefined : computed.get(node);
}

const shape = [3, 4];
const positive = { shape, from: 0.5, to: 2 };
const product = { op: "matmul", transposeA: false, transposeB: false } as const;
/** One axis between batch and channels; random ones of one to three axes are below. */
const along = { stride: [2], padding: [[1, 0] as const] };

const cases: readonly (readonly [Operation, readonly Operand[]])[] = [
  ...(["neg", "exp", "abs", "erf", "tanh", "sin", "cos"] as const).map((op) => [{ op }, [{ shape }]] as const),
  ...(["log", "sqrt", "rsqrt"] as const).map((op) => [{ op }, [positive]] as const),
  ...(["add", "sub", "mul", "div", "maximum", "minimum"] as const).flatMap((op) => [
    [{ op }, [{ shape }, { shape: [4], from: 0.5, to: 2 }]] as const,
    [{ op }, [{ shape: [2, 1, 4] }, { shape: [3, 1], from: 0.5, to: 2 }]] as const,
    [{ op }, [{ shape: [] }, positive]] as const,
  ]),
  [{ op: "pow" }, [positive, { shape: [4], from: 1, to: 3 }]],
  [{ op: "sum", axes: [1], keep: false }, [{ shape: [2, 3, 4] }]],
  [{ op: "sum", axes: [0, -1], keep: true }, [{ shape: [2, 3, 4] }]],
  [{ op: "max", axes: [1], keep: false }, [{ shape: [2, 3, 4] }]],
  [{ op: "softmax", axis: -1 }, [{ shape }]],
  [{ op: "softmax", axis: 0 }, [{ shape }]],
  [{ op: "log_softmax", axis: 1 }, [{ shape: [2, 3, 4] }]],
  [product, [{ shape: [2, 3] }, { shape: [3, 4] }]],
  [{ ...product, transposeA: true }, [{ shape: [3, 2] }, { shape: [3, 4] }]],
  [{ ...product, transposeB: true }, [{ shape: [2, 3] }, { shape: [4, 3] }]],
  [{ ...product, transposeA: true, transposeB: true }, [{ shape: [3, 2] }, { shape: [4, 3] }]],
  [product, [{ shape: [5, 2, 3] }, { shape: [5, 3, 4] }]],
  [{ ...product, transposeB: true }, [{ shape: [5, 2, 3] }, { shape: [4, 3] }]],
  [product, [{ shape: [5, 2, 3] }, { shape: [3, 4] }]],
  [{ ...product, transposeA: true }, [{ shape: [5, 3, 2] }, { shape: [3, 4] }]],
  [{ ...product, transposeA: true, transposeB: true }, [{ shape: [5, 3, 2] }, { shape: [5, 4, 3] }]],
  [product, [{ shape: [2, 3] }, { shape: [5, 3, 4] }]],
  [{ op: "reshape", shape: [6, 2] }, [{ shape }]],
  [{ op: "broadcast", shape: [2, 3, 4] }, [{ shape: [3, 1] }]],
  [{ op: "transpose", permutation: [2, 0, 1] }, [{ shape: [2, 3, 4] }]],
  [{ op: "slice", axis: -1, from: 1, to: 3 }, [{ shape }]],
  [{ op: "concat", axis: 1 }, [{ shape }, { shape: [3, 2] }]],
  [
    {
      op: "pad",
      amounts: [
        [1, 0],
        [2, 3],
      ],
    },
    [{ shape }],
  ],
  [{ op: "gather", axis: 0 }, [{ shape: [5, 2] }, { shape: [3, 2], below: 5 }]],
  [{ op: "gather", axis: 1 }, [{ shape: [2, 5, 3] }, { shape: [3, 2], below: 5 }]],
  [{ op: "gather", axis: 2 }, [{ shape: [2, 3, 4] }, { shape: [6], below: 4 }]],
  [{ op: "gather_along" }, [{ shape: [5] }, { shape: [7], below: 5 }]],
  [{ op: "gather_along" }, [{ shape: [2, 3, 4] }, { shape: [2, 3, 6], below: 4 }]],
  [{ op: "cumsum", axis: 1, reverse: false }, [{ shape: [2, 3, 4] }]],
  [{ op: "cumsum", axis: -1, reverse: true }, [{ shape: [2, 3] }]],
  [{ op: "scatter_add", rows: 4 }, [{ shape: [6], below: 4 }, { shape: [6, 2] }]],
  [{ op: "cast", dtype: "f32" }, [{ shape }]],
  [{ op: "dropout", rate: 0.5 }, [{ shape }]],
  [{ op: "conv", ...along, dilation: [1], groups: 1 }, [{ shape: [2, 5, 2] }, { shape: [3, 2, 3] }]],
  [{ op: "conv_input", ...along, dilation: [1], groups: 1, sizes: [6] }, [{ shape: [2, 3, 3] }, { shape: [3, 2, 3] }]],
  [{ op: "max_pool", ...along, kernel: [3] }, [{ shape: [2, 6, 2] }]],
  [{ op: "avg_pool", ...along, kernel: [3] }, [{ shape: [2, 6, 2] }]],
];

describe("the derivative of every operation agrees with central differences in f64", () => {
  test.each(cases)("%o of %j", (operation, operands) => {
    for (const seed of [1, 2, 3]) expect(largestError(operation, operands, seed)).toBeLessThan(1e-6);
  });
});

test("every operation that has a derivative has a case above", () => {
  // The condition of `where` is not a number; it is tested below.
  const tested = new Set<string>(["where", ...cases.map(([{ op }]) => op)]);
  expect(differentiableNames.filter((name) => !tested.has(name))).toEqual([]);
});

test("two operands of random shapes that are broadcast together have the right gradients", () => {
  const numbers = new Random(11);
  for (let seed = 1; seed <= 60; seed++) {
    const whole = Array.from({ length: numbers.below(4) }, () => 1 + numbers.below(4));
    const part = (): readonly number[] =>
      whole.slice(numbers.below(whole.length + 1)).map((size) => (numbers.below(3) === 0 ? 1 : size));
    const op = numbers.pick(["add", "sub", "mul", "div", "maximum", "minimum", "pow"] as const);
    const operands = [
      { shape: part(), from: 0.5, to: 2 },
      { shape: part(), from: 0.5, to: 2 },
    ];
    expect([op, operands, largestError({ op }, operands, seed) < 1e-6]).toEqual([op, operands, true]);
  }
});

test("convolutions and pools of random shapes have the right gradients", () => {
  const numbers = new Random(5);
  for (let seed = 1; seed <= 40; seed++) {
    const { conv, input, weight } = randomConvolution(numbers);
    const { stride, padding } = conv;
    const kernel = weight.slice(2);
    const type = inferType(
      conv,
      [input, weight].map((each) => ({ dtype: "f32", shape: each })),
    );
    if (typeof type === "string") throw new Error(type);
    const cases: readonly (readonly [Operation, readonly (readonly number[])[]])[] = [
      [conv, [input, weight]],
      [{ ...conv, op: "conv_input", sizes: input.slice(1, -1) }, [type.shape, weight]],
      [{ op: "max_pool", kernel, stride, padding }, [input]],
      [{ op: "avg_pool", kernel, stride, padding }, [input]],
    ];
    for (const [operation, shapes] of cases) {
      const error = largestError(
        operation,
        shapes.map((each) => ({ shape: each })),
        seed,
      );
      expect([operation, shapes, error < 1e-6]).toEqual([operation, shapes, true]);
    }
  }
});

test("rows by number and running sums of random shapes have the right gradients", () => {
  const numbers = new Random(19);
  const sizes = (count: number): readonly number[] => Array.from({ length: count }, () => 1 + numbers.below(4));
  for (let seed = 1; seed <= 30; seed++) {
    const shape = sizes(1 + numbers.below(3));
    const axis = numbers.below(shape.length);
    const along = shape[axis] ?? 1;
    const last = shape.at(-1) ?? 1;
    const cases: readonly (readonly [Operation, readonly Operand[]])[] = [
      [{ op: "gather", axis }, [{ shape }, { shape: sizes(numbers.below(3)), below: along }]],
      [{ op: "gather_along" }, [{ shape }, { shape: shape.with(-1, 1 + numbers.below(5)), below: last }]],
      [{ op: "cumsum", axis, reverse: numbers.below(2) === 0 }, [{ shape }]],
    ];
    for (const [operation, operands] of cases)
      expect([operation, operands, largestError(operation, operands, seed) < 1e-6]).toEqual([
        operation,
        operands,
        true,
      ]);
  }
});

test("where passes the gradient to the side that was taken", () => {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const [a, b] = ["a", "b"].map((path) => build.add({ op: "parameter", path, type: { dtype: "f32", shape: [2] } }));
  if (a === undefined || b === undefined) throw new Error("there are two");
  const taken = build.add({ op: "where" }, build.add({ op: "greater" }, a, b), a, build.mul(b, 3));
  const gradients = gradientsOf(graph, build.sum(taken, [0], false), new Set([a, b]));
  const type = { dtype: "f32" as const, shape: [2] };
  const parameters = new Map([
    ["a", { type, data: Float64Array.of(1, 5) }],
    ["b", { type, data: Float64Array.of(2, 4) }],
  ]);
  const values = evaluate([...gradients.values()], { inputs: new Map(), parameters }, "f64");
  expect([a, b].map((node) => [...(gradientOf(gradients.get(node), values)?.data ?? [])])).toEqual([
    [0, 1],
    [3, 0],
  ]);
});

test("only what leads to a wanted parameter is built", () => {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const type = { dtype: "f32" as const, shape: [2, 2] };
  const [frozen, adapter, x] = ["frozen", "adapter", "x"].map((path) => build.add({ op: "parameter", path, type }));
  if (frozen === undefined || adapter === undefined || x === undefined) throw new Error("there are three");
  const below = build.add(product, x, frozen);
  const above = build.add(product, below, adapter);
  const loss = build.sum(above, [0, 1], false);
  const before = graph.nodes.length;
  const gradients = gradientsOf(graph, loss, new Set([adapter]));
  expect([...gradients.keys()]).toEqual([adapter]);
  expect(graph.nodes.slice(before).map(({ operation }) => operation.op)).toEqual([
    "constant",
    "reshape",
    "broadcast",
    "matmul",
  ]);
});
