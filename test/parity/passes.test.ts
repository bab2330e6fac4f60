import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  buildForward,
  buildStep,
  compileSpec,
  isFor,
  nodesOf,
  optimise,
  type Program,
  passes,
  runProgram,
  type TensorData,
  type TracedSpec,
  verify,
} from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate, neededFor } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { byteCount, elementCount, type Node } from "../../compiler/ir/types.ts";
import { collectFactors } from "../../compiler/passes/collect-factors.ts";
import { lowerPrecision } from "../../compiler/passes/lower-precision.ts";
import { recomputeElements } from "../../compiler/passes/recompute-elements.ts";
import { recomputeLayers } from "../../compiler/passes/recompute-layers.ts";
import { scaleOperands } from "../../compiler/passes/scale-operands.ts";
import { splitProjections } from "../../compiler/passes/split-projections.ts";
import { tileAttention } from "../../compiler/passes/tile-attention.ts";
import { tileRows } from "../../compiler/passes/tile-rows.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";

function specOf(path: string, change: (text: string) => string = (text) => text): TracedSpec {
  const text = change(readFileSync(path, "utf8"));
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(diagnostics).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

function stepOf(spec: TracedSpec): Program {
  const loss = buildStep(spec);
  if (loss === null) throw new Error("the spec has a loss");
  return optimise(loss, spec, { last: "apply-optimizer" });
}

/** A random value for everything that a program reads, the same for the same name. */
function given(programs: readonly Program[]): {
  readonly inputs: Map<string, TensorData>;
  readonly parameters: Map<string, TensorData>;
} {
  const inputs = new Map<string, TensorData>();
  const parameters = new Map<string, TensorData>();
  const random = new Random(5);
  for (const { graph } of programs) {
    for (const { operation, type } of graph.nodes) {
      if (operation.op !== "input" && operation.op !== "parameter") continue;
      const name = operation.op === "input" ? operation.name : operation.path;
      const into = operation.op === "input" ? inputs : parameters;
      if (into.has(name)) continue;
      const isSquare = name.startsWith("square:");
      const draw = (): number =>
        type.dtype === "i32" ? random.below(2) : random.below(2000) / 1000 - (isSquare ? 0 : 1);
      into.set(name, { type, data: Float64Array.from({ length: elementCount(type) }, draw) });
    }
  }
  return { inputs, parameters };
}

/** Everything that a program gives. */
function results(program: Program, values: ReturnType<typeof given>): ReadonlyMap<string, TensorData> {
  return runProgram(program, values, "f64");
}

function largestDifference(a: ReadonlyMap<string, TensorData>, b: ReadonlyMap<string, TensorData>): number {
  expect([...b.keys()]).toEqual([...a.keys()]);
  let error = 0;
  for (const [name, { data }] of a) {
    const other = b.get(name)?.data;
    let largest = 1e-6;
    let difference = 0;
    for (const [place, value] of data.entries()) {
      largest = Math.max(largest, Math.abs(value));
      difference = Math.max(difference, Math.abs(value - (other?.[place] ?? Number.NaN)));
    }
    error = Math.max(error, difference / largest);
  }
  return error;
}

describe("every pass keeps what a program computes, and leaves a program that holds together", () => {
  const spec = specOf("specs/medct-small.vlm");
  const programs: readonly (readonly [string, Program])[] = [
    ["step", stepOf(spec)],
    ["forward", optimise(buildForward(spec, ["vision.spatial"]), spec, { last: "lower-draws" })],
  ];

  test.each(programs)("%s", (_, program) => {
    const values = given([program]);
    const expected = results(program, values);
    expect(verify(program)).toEqual([]);
    let current = program;
    for (const pass of passes.slice(passes.findIndex(({ name }) => name === "simplify"))) {
      if (!isFor(pass, program)) continue;
      const { name } = pass;
      current = pass.run(current, spec);
      expect([name, verify(current)]).toEqual([name, []]);
      expect(largestDifference(expected, results(current, values))).toBeLessThan(1e-9);
    }
  });
});

describe("passes that only large models need keep what a small one computes", () => {
  const spec = specOf("specs/medct-small.vlm");
  const forward = optimise(buildForward(spec, ["vision.spatial"]), spec, { last: "lower-draws" });
  const count = (program: Program, op: string): number =>
    nodesOf(program).filter(({ operation }) => operation.op === op).length;

  test.each([
    ["split-projections", splitProjections],
    ["scale-operands", scaleOperands],
    ["tile-attention", (program: Program) => tileAttention(program, 512)],
  ] as const)("%s", (_, run) => {
    const values = given([forward]);
    const changed = run(forward);
    expect(verify(changed)).toEqual([]);
    expect(count(changed, "matmul")).toBeGreaterThanOrEqual(count(forward, "matmul"));
    expect(largestDifference(results(forward, values), results(changed, values))).toBeLessThan(1e-9);
  });

  test("rows in blocks have products for each block, where nothing else reads what is between", () => {
    // The products of a feed-forward part, which are two and a half times as wide as what goes in and comes out.
    const simple = optimise(forward, spec);
    const blocked = tileRows(simple, 4096);
    expect(verify(blocked)).toEqual([]);
    expect(count(blocked, "matmul")).toBeGreaterThan(count(simple, "matmul") + 10);
    const values = given([simple]);
    expect(largestDifference(results(simple, values), results(blocked, values))).toBe(0);
  });

  test("the search of a codebook is in blocks, also for a batch of one", () => {
    const single = specOf("specs/medct-small.vlm", (text) => text.replace("batch = 3", "batch = 1"));
    const simple = optimise(buildForward(single, []), single);
    const blocked = tileRows(simple, 4096);
    expect(count(simple, "argmax")).toBe(1);
    expect(count(blocked, "argmax")).toBeGreaterThan(1);
    const values = given([simple]);
    expect(largestDifference(results(simple, values), results(blocked, values))).toBe(0);
  });

  test("attention and rows in blocks have gradients that are the same", () => {
    const blocked = tileAttention(forward, 512);
    expect(count(blocked, "softmax")).toBeGreaterThan(2 * count(forward, "softmax"));
    const loss = buildStep(spec);
    if (loss === null) throw new Error("the spec has a loss");
    const bare = optimise(loss, spec, { last: "tile-attention" });
    const finish = (program: Program): Program =>
      passes
        .slice(passes.findIndex(({ name }) => name === "differentiate"))
        .reduce((current, { run }) => run(current, spec), program);
    const whole = finish(bare);
    for (const inBlocks of [finish(tileAttention(bare, 512)), finish(tileRows(bare, 4096))]) {
      expect(nodesOf(inBlocks).length).toBeGreaterThan(nodesOf(whole).length);
      const values = given([whole, inBlocks]);
      expect(largestDifference(results(whole, values), results(inBlocks, values))).toBeLessThan(1e-9);
    }
  });

  test("factors are collected: fewer products with a number, and the same step", () => {
    const step = stepOf(spec);
    const collected = collectFactors(step);
    expect(verify(collected)).toEqual([]);
    const scaled = (program: Program): number =>
      nodesOf(program).filter(
        ({ operation, inputs }) =>
          operation.op === "div" ||
          (operation.op === "mul" &&
            inputs.some(({ operation: { op }, type }) => op === "constant" && type.shape.length === 0)),
      ).length;
    expect(scaled(collected)).toBeLessThan(scaled(step));
    const values = given([step]);
    expect(largestDifference(results(step, values), results(collected, values))).toBeLessThan(1e-9);
  });

  test("what is made again of what is kept is not kept itself", () => {
    const loss = buildStep(spec);
    if (loss === null) throw new Error("the spec has a loss");
    const step = optimise(loss, spec, { last: "recompute-scores" });
    const again = recomputeElements(step);
    expect(keptBytes(again)).toBeLessThan(0.85 * keptBytes(step));
    const values = given([step]);
    expect(largestDifference(results(step, values), results(again, values))).toBe(0);
  });

  test("layers that are computed again give the same step", () => {
    const loss = buildStep(spec);
    if (loss === null) throw new Error("the spec has a loss");
    const step = optimise(loss, spec);
    const again = recomputeLayers(step);
    expect(verify(again)).toEqual([]);
    expect(keptBytes(again)).toBeLessThan(0.5 * keptBytes(step));
    const one = recomputeLayers(step, 1);
    expect(verify(one)).toEqual([]);
    expect(keptBytes(one)).toBeLessThan(keptBytes(step));
    expect(keptBytes(one)).toBeGreaterThan(keptBytes(again));
    const values = given([step]);
    for (const changed of [one, again])
      expect(largestDifference(results(step, values), results(changed, values))).toBe(0);
  });
});

/** What the backward pass reads of the forward pass. */
function keptBytes(program: Program): number {
  const loss = program.outputs.get("loss");
  if (loss === undefined) throw new Error("a step has a loss");
  const before = new Set(neededFor([loss]));
  const kept = new Set<Node>();
  for (const node of nodesOf(program)) {
    if (before.has(node)) continue;
    for (const input of node.inputs) if (before.has(input) && input.inputs.length > 0) kept.add(input);
  }
  return [...kept].reduce((sum, { type }) => sum + byteCount(type), 0);
}

test("bf16 rounds what a matrix product reads and gives, and nothing else", () => {
  const graph = new Graph();
  const build = new Builder(graph, { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } });
  const type = { dtype: "f32" as const, shape: [2, 2] };
  const [a, b] = ["a", "b"].map((path) => build.add({ op: "parameter", path, type }));
  if (a === undefined || b === undefined) throw new Error("there are two");
  const product = build.add({ op: "matmul", transposeA: false, transposeB: false }, a, b);
  const outputs = new Map([["y", build.add({ op: "add" }, product, a)]]);
  const lowered = lowerPrecision({ name: "test", graph, outputs, updates: new Map(), once: new Map() });
  expect(verify(lowered)).toEqual([]);
  // 1 + 2^-9 rounds to 1 in bf16, whose numbers near 1 are 2^-7 apart; outside the product it stays.
  const parameters = new Map<string, TensorData>([
    ["a", { type, data: Float64Array.of(1 + 2 ** -9, 0, 0, 1 + 2 ** -6) }],
    ["b", { type, data: Float64Array.of(1, 3, 1, 1) }],
  ]);
  const y = lowered.outputs.get("y");
  if (y === undefined) throw new Error("there is one output");
  const values = evaluate([y], { inputs: new Map(), parameters }, "f32").get(y)?.data;
  expect([...(values ?? [])]).toEqual([2 + 2 ** -9, 3, 1 + 2 ** -6, 2 * (1 + 2 ** -6)]);
});

describe("the full-size step of the reference", () => {
  const spec = specOf("specs/medct.vlm");
  const loss = buildStep(spec);
  if (loss === null) throw new Error("the spec has a loss");
  const step = optimise(loss, spec);
  const nodes = nodesOf(step);

  test("has a gradient for each adapter matrix and for nothing else", () => {
    const gradients = [...step.outputs.keys()].filter((name) => name.startsWith("gradient:"));
    expect(gradients).toHaveLength(104);
    expect(gradients.every((name) => /\.lora\.(down|up)$/.test(name))).toBe(true);
    const frozen = new Set([...step.updates.keys()].filter((path) => !path.includes("lora")));
    expect([...frozen]).toEqual([]);
  });

  test("computes the position bias when the weights are loaded, and not in the step", () => {
    const paths = nodes.flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : []));
    expect(paths.filter((path) => path.includes("grid_bias"))).toEqual([]);
    const once = new Set([...step.once.values()].map(({ origin }) => origin.path));
    expect([...once].some((path) => path.startsWith("vision.grid_bias"))).toBe(true);
  });
});

test("dropout follows from the seed and the step alone, and is not there in evaluation", () => {
  const withDropout = (text: string): string =>
    text.replace("lora(rank = 4, alpha = 8)", "lora(rank = 4, alpha = 8, dropout = 0.5)");
  const spec = specOf("specs/medct-small.vlm", withDropout);
  const values = given([stepOf(spec)]);
  const lossAt = (step: number): number => {
    values.inputs.set("step", { type: { dtype: "i32", shape: [] }, data: Float64Array.of(step) });
    return results(stepOf(spec), values).get("loss")?.data[0] ?? Number.NaN;
  };
  expect(lossAt(3)).toBe(lossAt(3));
  expect(lossAt(3)).not.toBe(lossAt(4));
  const forward = optimise(buildForward(spec, []), spec);
  expect(
    nodesOf(forward).some(({ operation }) => operation.op === "dropout" || operation.op === "random_uniform"),
  ).toBe(false);
});
