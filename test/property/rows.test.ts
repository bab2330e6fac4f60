import { expect, test } from "vitest";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { elementCount, type Node, type Operation, type TensorType } from "../../compiler/ir/types.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { couplingPointsOf } from "../../compiler/programs/coupling-points.ts";
import { createSource } from "../../grammar/index.ts";
import { Random } from "../random.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };
const largest = 600;

/** The same text of a model, traced for so many rows: sizes follow from the values that are there. */
interface Trace {
  readonly rows: number;
  readonly graph: Graph;
  readonly values: Node[];
}

function start(rows: number): Trace {
  const graph = new Graph();
  const given: readonly Operation[] = [
    { op: "input", name: "x", type: { dtype: "f32", shape: [rows, 4] } },
    { op: "input", name: "y", type: { dtype: "f32", shape: [rows, 2, 3] } },
    { op: "input", name: "ids", type: { dtype: "i32", shape: [rows, 3] } },
    { op: "parameter", path: "a", type: { dtype: "f32", shape: [4, 4] } },
    { op: "parameter", path: "b", type: { dtype: "f32", shape: [3] } },
    { op: "parameter", path: "c", type: { dtype: "f32", shape: [6, 4] } },
    { op: "constant", value: 0.5, type: { dtype: "f32", shape: [rows, 1] } },
  ];
  return { rows, graph, values: given.flatMap((operation) => added(graph, operation) ?? []) };
}

function added(graph: Graph, operation: Operation, ...inputs: readonly Node[]): Node | null {
  const node = graph.add(operation, inputs, origin);
  const fits =
    typeof node !== "string" && node.type.shape.every(Number.isInteger) && elementCount(node.type) <= largest;
  return fits ? node : null;
}

/** Something to append to a trace; null where it does not fit there. */
type Step = (trace: Trace) => Node | null;

/** Draws a step, whose sizes and axes are those of the values of the trace that it is applied to. */
function drawStep(random: Random, values: readonly Node[]): Step {
  const [first, second] = [random.below(values.length), random.below(values.length)];
  const shape = values[first]?.type.shape ?? [];
  const axis = random.below(shape.length);
  const [flag, other] = [random.below(2) === 1, random.below(2) === 1];
  const permutation = shuffled(shape.length, random);
  const part = 2 + random.below(2);
  const of =
    (operationOf: (x: Node, rows: number) => Operation | null): Step =>
    ({ graph, values: own, rows }) => {
      const x = own[first];
      const operation = x === undefined ? null : operationOf(x, rows);
      return x === undefined || operation === null ? null : added(graph, operation, x);
    };
  const ofTwo =
    (operation: Operation): Step =>
    ({ graph, values: own }) => {
      const [a, b] = [own[first], own[second]];
      return a === undefined || b === undefined ? null : added(graph, operation, a, b);
    };
  return random.pick<Step>([
    of(({ type }) => ({ op: type.dtype === "i32" ? "neg" : "tanh" })),
    of(() => ({ op: "cast", dtype: "f32" })),
    ofTwo({ op: "add" }),
    ofTwo({ op: "mul" }),
    ofTwo({ op: "gather", axis: flag ? 0 : axis }),
    ofTwo({ op: "gather_along" }),
    of(() => ({ op: "cumsum", axis, reverse: flag })),
    of(({ type }) => ({ op: "argsort", descending: flag, count: Math.min(2, type.shape.at(-1) ?? 0) })),
    ofTwo({ op: "concat", axis }),
    ofTwo({ op: "matmul", transposeA: flag, transposeB: other }),
    ofTwo({ op: "matmul", transposeA: other, transposeB: flag }),
    of(() => ({ op: "softmax", axis: flag ? axis : axis - shape.length })),
    of(() => ({ op: "sum", axes: [axis], keep: flag })),
    of(() => ({ op: "sum", axes: [axis, axis - 1].filter((each) => each >= 0), keep: flag })),
    of(() => ({ op: "max", axes: [axis], keep: flag })),
    of(() => ({ op: "argmax", axis, keep: flag })),
    of(() => ({ op: "one_hot", depth: 3 })),
    of(() => ({ op: "transpose", permutation })),
    of(({ type }) => ({ op: "slice", axis, from: 0, to: flag ? 1 : Math.ceil((type.shape[axis] ?? 1) / 2) })),
    of(() => ({ op: "pad", amounts: shape.map((_, each) => (each === axis ? [1, 0] : [0, 0])) })),
    of(({ type }) => ({ op: "reshape", shape: merged(type, axis) })),
    of(({ type }) => ({ op: "reshape", shape: taken(type, axis, part, flag) })),
    of(({ type }) => ({ op: "reshape", shape: type.shape.toReversed() })),
    of(({ type }, rows) => ({ op: "reshape", shape: [rows, elementCount(type) / rows] })),
    of(({ type }, rows) => ({ op: "broadcast", shape: [flag ? rows : 2, ...type.shape] })),
    of(({ type }) => ({
      op: "broadcast",
      shape: type.shape.map((size, each) => (each === axis && size === 1 ? 2 : size)),
    })),
    ({ graph, rows }) => added(graph, { op: "iota", size: flag ? rows : 3 }),
  ]);
}

/** The sizes with an axis and the one behind it in one. */
function merged({ shape }: TensorType, axis: number): readonly number[] {
  const [size = 1, next = 1] = shape.slice(axis, axis + 2);
  return [...shape.slice(0, axis), size * next, ...shape.slice(axis + 2)];
}

/** The sizes with an axis taken apart. */
function taken({ shape }: TensorType, axis: number, part: number, isBehind: boolean): readonly number[] {
  const rest = (shape[axis] ?? 1) / part;
  return [...shape.slice(0, axis), ...(isBehind ? [rest, part] : [part, rest]), ...shape.slice(axis + 1)];
}

function shuffled(count: number, random: Random): readonly number[] {
  const order = Array.from({ length: count }, (_, place) => place);
  for (let place = count - 1; place > 0; place--) {
    const other = random.below(place + 1);
    [order[place], order[other]] = [order[other] ?? 0, order[place] ?? 0];
  }
  return order;
}

/** The sum of everything in a trace, so that every value that stays apart is one at which rows meet. */
function lossOf({ graph, values }: Trace): Node {
  let loss = added(graph, { op: "constant", value: 0, type: { dtype: "f32", shape: [] } });
  for (const value of values) {
    if (value.type.dtype !== "f32") continue;
    const axes = value.type.shape.map((_, axis) => axis);
    const total = axes.length === 0 ? value : added(graph, { op: "sum", axes, keep: false }, value);
    if (loss !== null && total !== null) loss = added(graph, { op: "add" }, loss, total);
  }
  if (loss === null) throw new Error("numbers can be added");
  return loss;
}

/** Values of everything that a trace of the whole batch is given. */
function drawn({ values }: Trace, random: Random): ReadonlyMap<string, TensorData> {
  return new Map(
    values.flatMap(({ operation, type }) => {
      const name = operation.op === "input" ? operation.name : operation.op === "parameter" ? operation.path : null;
      if (name === null) return [];
      const draw = (): number => (type.dtype === "i32" ? random.below(6) : random.below(2000) / 1000 - 1);
      return [[name, { type, data: Float64Array.from({ length: elementCount(type) }, draw) }] as const];
    }),
  );
}

/** The rows of a piece of everything that has rows. */
function cut(
  given: ReadonlyMap<string, TensorData>,
  { rows, values }: Trace,
  piece: number,
): ReadonlyMap<string, TensorData> {
  const inputs = new Set(values.flatMap(({ operation }) => (operation.op === "input" ? [operation.name] : [])));
  return new Map(
    [...given].map(([name, value]) => {
      if (!inputs.has(name)) return [name, value];
      const { type, data } = value;
      const width = data.length / (type.shape[0] ?? 1);
      const part = data.slice(piece * rows * width, (piece + 1) * rows * width);
      return [name, { type: { ...type, shape: type.shape.with(0, rows) }, data: part }];
    }),
  );
}

test.each([
  [6, 3],
  [6, 2],
  [4, 1],
])("what is called apart is so: %i rows in pieces of %i", (rows, pieceRows) => {
  const operations = new Map<string, number>();
  for (let seed = 0; seed < 400; seed++) {
    const random = new Random(seed);
    const [whole, part] = [start(rows), start(pieceRows)];
    for (let count = 0; count < 12; count++) {
      const step = drawStep(random, whole.values);
      const [value, own] = [step(whole), step(part)];
      // What does not fit for one number of rows is not in a model that is traced for both.
      if (value === null || own === null) continue;
      whole.values.push(value);
      part.values.push(own);
    }
    const meeting = couplingPointsOf([lossOf(whole)], [lossOf(part)]);
    if (meeting === null) throw new Error(`seed ${seed}: both traces have the same operations`);
    const given = drawn(whole, random);
    const expected = evaluate(
      meeting.map((value) => value.whole),
      { inputs: given, parameters: given },
      "f64",
    );
    const parts = Array.from({ length: rows / pieceRows }, (_, piece) => {
      const inputs = cut(given, part, piece);
      return evaluate(
        meeting.map((value) => value.microBatch),
        { inputs, parameters: inputs },
        "f64",
      );
    });
    for (const { whole: value, microBatch } of meeting) {
      const { op } = value.operation;
      operations.set(op, (operations.get(op) ?? 0) + 1);
      const found = parts.flatMap((each) => [...(each.get(microBatch)?.data ?? [])]);
      const data = [...(expected.get(value)?.data ?? [])];
      expect([seed, op, found.length]).toEqual([seed, op, data.length]);
      const worst = Math.max(...data.map((number, place) => Math.abs(number - (found[place] ?? Number.NaN))));
      expect([seed, op, worst < 1e-9]).toEqual([seed, op, true]);
    }
  }
  for (const op of ["tanh", "add", "matmul", "reshape", "transpose", "softmax", "gather", "concat", "slice", "sum"]) {
    expect([op, operations.get(op) ?? 0]).toEqual([op, expect.toSatisfy((count: number) => count > 4)]);
  }
});
