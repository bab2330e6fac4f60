import { expect, test } from "vitest";
import { nodesOf, type Program, type TensorData, verify } from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { elementCount, type Node } from "../../compiler/ir/types.ts";
import { joinSliceGradients } from "../../compiler/passes/join-slice-gradients.ts";
import { createSource } from "../../grammar/index.ts";
import { Random } from "../random.ts";

const shape = [6, 4];
const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };

/** Builds a program of one value from named parameters of some shapes. */
class Made {
  readonly parameters = new Map<string, TensorData>();
  readonly build: Builder;
  private readonly graph = new Graph();
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.build = new Builder(this.graph, origin);
  }

  value(sizes: readonly number[]): Node {
    const type = { dtype: "f32" as const, shape: sizes };
    const path = `p${this.parameters.size}`;
    const data = Float64Array.from({ length: elementCount(type) }, () => this.random.below(2000) / 1000 - 1);
    this.parameters.set(path, { type, data });
    return this.build.add({ op: "parameter", path, type });
  }

  /** A part along an axis, padded to the whole. */
  part(axis: number, from: number, to: number): Node {
    const sizes = shape.map((size, each) => (each === axis ? to - from : size));
    const amounts = shape.map((size, each) => (each === axis ? ([from, size - to] as const) : ([0, 0] as const)));
    return this.build.add({ op: "pad", amounts }, this.value(sizes));
  }

  program(outputs: ReadonlyMap<string, Node>): Program {
    return { name: "test", graph: this.graph, outputs, updates: new Map(), once: new Map() };
  }
}

const add = (build: Builder, a: Node, b: Node): Node => build.add({ op: "add" }, a, b);

/** All outputs of a program. */
function valuesOf(program: Program, parameters: ReadonlyMap<string, TensorData>): readonly (readonly number[])[] {
  const nodes = [...program.outputs.values()];
  const values = evaluate(nodes, { inputs: new Map(), parameters }, "f64");
  return nodes.map((node) => [...(values.get(node)?.data ?? [])]);
}

function count(program: Program, op: string): number {
  return nodesOf(program).filter(({ operation }) => operation.op === op).length;
}

test("two parts at each place, added to something else in turn, become one concatenation", () => {
  const made = new Made(1);
  let sum = made.value(shape);
  for (const from of [4, 2, 0]) {
    sum = add(made.build, sum, made.part(0, from, from + 2));
    sum = add(made.build, sum, made.part(0, from, from + 2));
  }
  const before = made.program(new Map([["y", sum]]));
  const after = joinSliceGradients(before);
  expect(verify(after)).toEqual([]);
  expect([count(after, "pad"), count(after, "concat"), count(after, "add")]).toEqual([0, 1, 4]);
  const [expected = []] = valuesOf(before, made.parameters);
  const [found = []] = valuesOf(after, made.parameters);
  for (const [at, value] of expected.entries()) expect(found[at]).toBeCloseTo(value, 12);
});

test("any sum of parts that overlap, meet or leave holes is the same sum", () => {
  let joined = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = new Random(seed);
    const made = new Made(seed);
    const outputs = new Map<string, Node>();
    let sum = random.below(2) === 0 ? made.value(shape) : made.part(0, 0, 3);
    for (let left = 1 + random.below(9); left > 0; left--) {
      const axis = random.below(4) === 0 ? 1 : 0;
      const from = random.below((shape[axis] ?? 0) - 1);
      const to = from + 1 + random.below((shape[axis] ?? 0) - from);
      const term = random.below(8) === 0 ? made.value([4]) : made.part(axis, from, to);
      sum = random.below(3) === 0 ? add(made.build, term, sum) : add(made.build, sum, term);
      // A sum that is read elsewhere stays.
      if (random.below(5) === 0) outputs.set(`early ${left}`, sum);
    }
    const before = made.program(outputs.set("y", sum));
    const after = joinSliceGradients(before);
    expect(verify(after)).toEqual([]);
    joined += Number(count(after, "pad") < count(before, "pad"));
    const [expected, found] = [valuesOf(before, made.parameters), valuesOf(after, made.parameters)];
    for (const [output, values] of expected.entries()) {
      for (const [at, value] of values.entries()) expect(found[output]?.[at], `seed ${seed}`).toBeCloseTo(value, 12);
    }
  }
  expect(joined).toBeGreaterThan(50);
});
