import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { type Node, neededFor, type Program } from "../../compiler/ir/index.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { noKernels } from "../../compiler/targets/tensorflow/index.ts";
import { isRowProgram, joinRows } from "../../compiler/targets/tensorflow/rows/units.ts";
import { TensorflowSession, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { Random } from "../random.ts";
import { adderTo, randomRows } from "./random-rows.ts";

const native = loadTensorflow();
const random = new Random(7);

const shapes = [
  [2, 3, 5],
  [4, 6, 32],
  [3, 2, 1500],
  [2, 2, 2, 17],
  [70, 3, 1],
] as const;
const programs = Array.from({ length: 40 }, (_, index) =>
  randomRows(random, `rows${index}`, shapes[index % shapes.length] ?? [], "f32"),
);

function inputsOf(nodes: readonly Node[]): ReadonlyMap<string, TensorData> {
  const inputs = new Map<string, TensorData>();
  for (const { operation, type } of nodes) {
    if (operation.op !== "input") continue;
    const count = type.shape.reduce((product, size) => product * size, 1);
    const data = Float64Array.from({ length: count }, () => random.below(2 ** 20) / 2 ** 18 - 2);
    inputs.set(operation.name, { type, data });
  }
  return inputs;
}

function nodesOf({ outputs }: Program): readonly Node[] {
  return neededFor([...outputs.values()]);
}

test.each(programs)("$name: its operations are joined so that each stands after what it reads", (program) => {
  const nodes = nodesOf(program);
  const units = joinRows(nodes, 1);
  expect(units.flatMap(({ members }) => members).toSorted((a, b) => a.id - b.id)).toEqual(nodes);
  const done = new Set<Node>();
  for (const member of units.flatMap(({ members }) => members)) {
    for (const input of member.inputs) expect(done.has(input)).toBe(true);
    done.add(member);
  }
  expect(units.filter(isRowProgram).length).toBeGreaterThan(0);
});

test("tensors that are smaller than was asked for are left alone", () => {
  const [program] = programs;
  if (program === undefined) throw new Error("a program is there");
  expect(joinRows(nodesOf(program), 1_000_000).filter(isRowProgram)).toEqual([]);
});

test.runIf(process.env["CI"])("native TensorFlow knows row programs under CI", () => {
  expect(native).toMatchObject({ kind: "ready", kernels: { rows: { from: 4096 } } });
});

const knowsRows = native.kind === "ready" && native.kernels.rows !== "none";

describe.runIf(knowsRows)("row programs in TensorFlow", () => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-rows-"));
  let session: TensorflowSession;
  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    const about = { parameters: [], trainable: new Set<string>(), seed: 0, bf16Products: "native" } as const;
    const index = writePrograms(programs, { ...about, kernels: { ...noKernels, rows: { from: 1 } } }, folder);
    session = await TensorflowSession.load(native.tf, folder, index);
  });
  afterAll(() => {
    session.dispose();
    rmSync(folder, { recursive: true });
  });

  test("are in the graph", () => {
    expect(readFileSync(join(folder, "saved_model.pb"), "latin1").split("MedctcRows").length).toBeGreaterThan(
      programs.length,
    );
  });

  test.each(programs)("$name gives what the reference evaluator gives", (program) => {
    const nodes = nodesOf(program);
    const inputs = inputsOf(nodes);
    const expected = evaluate([...program.outputs.values()], { inputs, parameters: new Map() }, "f64");
    const data = [...inputs].map(([name, each]) => [name, Float32Array.from(each.data)] as const);
    const found = session.run(program.name, new Map(data));
    for (const [name, node] of program.outputs) {
      const values = found.get(name) ?? [];
      const exact = Float64Array.from(expected.get(node)?.data ?? []);
      expect(values.length).toBe(exact.length);
      const worst = exact.reduce((most, value, at) => Math.max(most, Math.abs(value - (values[at] ?? Number.NaN))), 0);
      expect(worst, `${name} of ${node.operation.op}`).toBeLessThan(2e-5);
    }
  });
});

describe.runIf(knowsRows)("what is no usual number", () => {
  const given = [
    Number.NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1e-40,
    3e38,
    -3e38,
    88.5,
    -88.5,
    -103,
    -1e9,
    0.5,
    2,
    -2,
    1.00390625,
  ];
  const folder = mkdtempSync(join(tmpdir(), "medctc-rows-"));
  const ops = ["exp", "erf", "tanh", "sqrt", "rsqrt", "abs", "sign", "neg"] as const;
  const run = new Map<string, ReadonlyMap<string, ArrayLike<number>>>();

  /** Each operation between two others, so that it is in a row program where there are any. */
  const graph = new Graph();
  const add = adderTo(graph);
  const x = add({ op: "input", name: "x", type: { dtype: "f32", shape: [4, 16] } });
  const rounded = add({ op: "cast", dtype: "bf16" }, x);
  const isLess = add({ op: "less" }, x, add({ op: "abs" }, x));
  const outputs = new Map<string, Node>([
    ...ops.map((op) => [op, add({ op: "neg" }, add({ op }, x))] as const),
    ["maximum", add({ op: "maximum" }, x, add({ op: "neg" }, x))],
    ["minimum", add({ op: "minimum" }, add({ op: "neg" }, x), x)],
    ["widened", add({ op: "cast", dtype: "f32" }, rounded)],
    ["chosen", add({ op: "where" }, isLess, x, add({ op: "neg" }, x))],
    ["counted", add({ op: "cast", dtype: "f32" }, isLess)],
    ["softmax", add({ op: "softmax", axis: 1 }, add({ op: "minimum" }, x, add({ op: "abs" }, x)))],
    ["max", add({ op: "max", axes: [1], keep: true }, add({ op: "neg" }, x))],
  ]);
  const program: Program = { name: "odd", graph, outputs, updates: new Map(), once: new Map() };

  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    for (const joined of ["none", { from: 1 }] as const) {
      const about = { parameters: [], trainable: new Set<string>(), seed: 0, bf16Products: "native" } as const;
      const index = writePrograms([program], { ...about, kernels: { ...noKernels, rows: joined } }, folder);
      const session = await TensorflowSession.load(native.tf, folder, index);
      // A row of them all, and rows without those that make all others of their row the same.
      const rows = [given, given.slice(3), [-Infinity, ...given.slice(3, 6)], given.slice(7)].map((row) =>
        Array.from({ length: 16 }, (_, at) => row[at % row.length] ?? 0),
      );
      run.set(
        joined === "none" ? "one by one" : "rows",
        session.run("odd", new Map([["x", Float32Array.from(rows.flat())]])),
      );
      session.dispose();
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([...outputs.keys()])("%s is as TensorFlow's own", (name) => {
    const expected = Array.from(run.get("one by one")?.get(name) ?? []);
    const found = Array.from(run.get("rows")?.get(name) ?? []);
    expect(found.length).toBe(expected.length);
    for (const [at, value] of expected.entries()) {
      // TensorFlow's softmax gives 0 in some places of a row that holds what is no number; no place of such a row has one.
      const isLost = name === "softmax" && at < 16;
      const other = found[at] ?? 0;
      const isNear = Math.abs(other - value) <= 1e-6 * Math.max(1e-30, Math.abs(value));
      expect(
        isLost ? Number.isNaN(other) : Object.is(other + 0, value + 0) || isNear,
        `${at}: ${other} and ${value}`,
      ).toBe(true);
    }
  });
});
