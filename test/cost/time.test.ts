import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectTime, type Rates } from "../../compiler/analyses/cost/index.ts";
import {
  builtStep,
  compileSpec,
  expectMemory,
  expectStepTime,
  expectValidationTime,
  type MemoryModel,
  operationWork,
  tensorflowMemory,
} from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Dtype, Node } from "../../compiler/ir/types.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const rates: Rates = { productFlops: { f32: 1000, bf16: 4000 }, bytes: 100, operationSeconds: 0, runSeconds: 0 };

/** Seconds of a program of one output, made from two parameters. */
function secondsOf(make: (a: Node, b: Node, build: Builder) => Node, found = rates, dtype: Dtype = "f32"): number {
  const graph = new Graph();
  const build = new Builder(graph, { path: "m", span: { source: createSource("test", ""), start: 0, end: 0 } });
  const parameter = (path: string) => build.add({ op: "parameter", path, type: { dtype, shape: [20, 20] } });
  const outputs = new Map([["y", make(parameter("a"), parameter("b"), build)]]);
  return expectTime(operationWork({ name: "p", graph, outputs, updates: new Map(), once: new Map() }), found);
}

const product = (a: Node, b: Node, build: Builder): Node =>
  build.add({ op: "matmul", transposeA: false, transposeB: false }, a, b);

test("a product takes its operations by the rate of its type, or its bytes where these take longer", () => {
  // 16,000 operations, on three matrices of 400 elements.
  expect(secondsOf(product)).toBe(48);
  const bandwidth = { ...rates, bytes: 4800 };
  expect(secondsOf(product, bandwidth)).toBe(16);
  expect(secondsOf(product, bandwidth, "bf16")).toBe(4);
  const without = { ...bandwidth, productFlops: { f32: 1000, bf16: null } };
  expect(secondsOf(product, without, "bf16")).toBe(16);
});

test("a convolution is a product", () => {
  const graph = new Graph();
  const build = new Builder(graph, { path: "m", span: { source: createSource("test", ""), start: 0, end: 0 } });
  const input = build.add({ op: "parameter", path: "x", type: { dtype: "f32", shape: [1, 10, 3] } });
  const weight = build.add({ op: "parameter", path: "w", type: { dtype: "f32", shape: [5, 3, 1] } });
  const windows = { stride: [1], dilation: [1], padding: [[0, 0]] } as const;
  const conv = build.add({ op: "conv", ...windows, groups: 1 }, input, weight);
  const program = { name: "p", graph, outputs: new Map([["y", conv]]), updates: new Map(), once: new Map() };
  // Ten places with 5 results of 3 products each.
  expect(expectTime(operationWork(program), { ...rates, productFlops: { f32: 100, bf16: null }, bytes: 1e9 })).toBe(3);
});

test("anything else takes the bytes that it reads and writes, and what an operation takes besides", () => {
  expect(secondsOf((a, b, build) => build.mul(a, b))).toBe(48);
  expect(secondsOf((a, b, build) => build.mul(a, b), { ...rates, operationSeconds: 0.5 })).toBe(48.5);
  expect(secondsOf((a, b, build) => build.mul(a, b), { ...rates, runSeconds: 2 })).toBe(50);
  expect(secondsOf((a, _, build) => build.sum(a, [0, 1], false))).toBe(16.04);
});

test("a part of a tensor is read alone, and another shape takes nothing", () => {
  expect(secondsOf((a, _, build) => build.add({ op: "slice", axis: 1, from: 0, to: 5 }, a))).toBe(8);
  const shaped = (a: Node, _: Node, build: Builder): Node => build.reshape(a, [400]);
  expect(secondsOf(shaped, { ...rates, operationSeconds: 1 })).toBe(0);
});

test("a step is the sum of its programs, and micro-batches run as often as there are", () => {
  const path = "specs/medct-small.vlm";
  const secondsFor = (settings: string): number => {
    const text = readFileSync(path, "utf8")
      .replace("batch = 3", "batch = 8")
      .replace("train {", `train {\n${settings}`);
    const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
    return spec === null ? Number.NaN : (expectStepTime(spec, { ...rates, bytes: 1e12 }, tensorflowMemory) ?? 0);
  };
  const whole = secondsFor("");
  const pieces = secondsFor("micro_batch = 2");
  expect(whole).toBeGreaterThan(0);
  // The forward pass once more, and nothing else of size.
  expect(pieces / whole).toBeGreaterThan(1.1);
  expect(pieces / whole).toBeLessThan(2);
});

test("a step whose memory and time are asked for is built and optimised once", () => {
  const path = "specs/medct-small.vlm";
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  let optimised = 0;
  const model: MemoryModel = {
    ...tensorflowMemory,
    optimise: (program, context) => {
      optimised++;
      return tensorflowMemory.optimise(program, context);
    },
  };
  const step = builtStep(spec);
  const both = [expectMemory(spec, model, step)?.peakBytes, expectStepTime(spec, rates, model, step)];
  expect(optimised).toBe(1);
  expect(both).toEqual([expectMemory(spec, model)?.peakBytes, expectStepTime(spec, rates, model)]);
  expect(optimised).toBe(3);
  expect(builtStep({ ...spec, losses: [] })(model.optimise)).toBeNull();
});

test("an evaluation takes the loss of each held-out batch, in micro-batches where the spec has some, without gradients", () => {
  const path = "specs/medct-small.vlm";
  const specWith = (settings: string) => {
    const text = readFileSync(path, "utf8").replace("batch = 3", `batch = 4\n  ${settings}`);
    const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
    if (spec === null) throw new Error("the spec compiles");
    return spec;
  };
  const [whole, pieces] = [specWith(""), specWith("micro_batch = 2")];
  const timeOf = (spec: typeof whole, examples: number): number =>
    expectValidationTime(spec, examples, rates, tensorflowMemory) ?? Number.NaN;
  expect(timeOf(whole, 8) / timeOf(whole, 4)).toBeCloseTo(2, 9);
  expect(timeOf(whole, 7)).toBe(timeOf(whole, 8));
  // Fewer than a batch are a smaller one.
  expect(timeOf(whole, 2)).toBeLessThan(timeOf(whole, 4));
  expect(timeOf(whole, 4)).toBeLessThan(expectStepTime(whole, rates, tensorflowMemory) ?? 0);
  expect(timeOf(pieces, 6)).toBeLessThan(timeOf(pieces, 8));
  expect(timeOf(pieces, 8) / timeOf(whole, 8)).toBeGreaterThan(0.8);
  expect(expectValidationTime({ ...whole, losses: [] }, 4, rates, tensorflowMemory)).toBeNull();
});
