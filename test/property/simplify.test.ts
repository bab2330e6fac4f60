import { expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { nodesOf, type Program } from "../../compiler/ir/program.ts";
import type { Node, Operation } from "../../compiler/ir/types.ts";
import { verify } from "../../compiler/ir/verify.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { eliminateCommonSubexpressions } from "../../compiler/passes/eliminate-common-subexpressions.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { createSource } from "../../grammar/index.ts";
import { Random } from "../random.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };
const count = 2000;

/** A random program of operations that simplification has rules for, over two parameters and many constants. */
function randomProgram(random: Random): Program {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const nodes: Node[] = ["a", "b"].map((path) =>
    build.add({ op: "parameter", path, type: { dtype: "f32", shape: [2, 3] } }),
  );
  for (const value of [0, 1, 1, 2, -0.5]) nodes.push(build.constant(value));
  nodes.push(build.add({ op: "constant", value: 1, type: { dtype: "f32", shape: [2, 1] } }));
  const binary: readonly Operation[] = (["add", "sub", "mul", "mul", "div", "maximum"] as const).map((op) => ({ op }));
  for (let index = 0; index < 12; index++) {
    const a = random.pick(nodes);
    const b = random.pick(nodes);
    const { shape } = a.type;
    const unary: readonly Operation[] = [
      { op: "neg" },
      { op: "tanh" },
      { op: "stop_gradient" },
      { op: "cast", dtype: "f32" },
      { op: "broadcast", shape: shape.length === 0 ? [2, 3] : shape },
      { op: "reshape", shape: shape.toReversed() },
      ...(shape.length === 2
        ? [
            {
              op: "transpose" as const,
              permutation: random.pick([
                [0, 1],
                [1, 0],
              ]),
            },
          ]
        : []),
      ...(shape.length === 2 ? [{ op: "slice" as const, axis: 0, from: 0, to: random.below(2) + 1 }] : []),
    ];
    const operation = random.pick([...unary, ...binary, ...binary]);
    const inputs = binary.includes(operation) ? [a, b] : [a];
    const node = graph.add(operation, inputs, origin);
    if (typeof node !== "string") nodes.push(node);
  }
  const outputs = new Map(nodes.slice(-3).map((node, index) => [`y${index}`, node]));
  return { name: "random", graph, outputs, updates: new Map(), once: new Map() };
}

function results({ outputs }: Program, parameters: ReadonlyMap<string, TensorData>): readonly (readonly number[])[] {
  const values = evaluate([...outputs.values()], { inputs: new Map(), parameters }, "f64");
  return [...outputs.values()].map((node) => [...(values.get(node)?.data ?? [])]);
}

/** Equal up to the order of roundings; both may be infinite or no number. */
function agree(a: readonly number[], b: readonly number[]): boolean {
  return (
    a.length === b.length &&
    a.every((value, place) => {
      const other = b[place] ?? Number.NaN;
      return (
        Object.is(value, other) ||
        !Number.isFinite(value) ||
        Math.abs(value - other) <= 1e-9 * Math.max(1, Math.abs(value))
      );
    })
  );
}

test(`simplifying and sharing keep what ${count} random programs compute, and make none of them longer`, () => {
  const random = new Random(3);
  let before = 0;
  let after = 0;
  for (let index = 0; index < count; index++) {
    const program = randomProgram(random);
    const parameters = new Map<string, TensorData>(
      ["a", "b"].map((path) => {
        const data = Float64Array.from({ length: 6 }, () => random.below(1000) / 250 - 2);
        return [path, { type: { dtype: "f32", shape: [2, 3] }, data }];
      }),
    );
    const short = eliminateCommonSubexpressions(simplify(program));
    expect(verify(short)).toEqual([]);
    const expected = results(program, parameters);
    const found = results(short, parameters);
    for (const [place, values] of expected.entries()) expect(agree(values, found[place] ?? [])).toBe(true);
    expect(nodesOf(short).length).toBeLessThanOrEqual(nodesOf(program).length + 1);
    before += nodesOf(program).length;
    after += nodesOf(short).length;
  }
  expect(after).toBeLessThan(0.8 * before);
});
