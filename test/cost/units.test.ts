import { expect, test } from "vitest";
import { operationWork, tensorflowMemory } from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Node, Program } from "../../compiler/ir/index.ts";
import { createSource } from "../../grammar/index.ts";

/** A program that gives what is made of a tensor of so many rows of 100 numbers. */
function programOf(rows: number, make: (x: Node, build: Builder) => Node): Program {
  const graph = new Graph();
  const build = new Builder(graph, { path: "m", span: { source: createSource("test", ""), start: 0, end: 0 } });
  const x = build.add({ op: "parameter", path: "x", type: { dtype: "f32", shape: [rows, 100] } });
  return { name: "p", graph, outputs: new Map([["y", make(x, build)]]), updates: new Map(), once: new Map() };
}

const bytesOf = (work: ReturnType<typeof operationWork>): readonly number[] =>
  work.map(({ bytes }) => bytes).filter((bytes) => bytes > 0);

const chain = (x: Node, build: Builder): Node => build.add({ op: "exp" }, build.add({ op: "neg" }, build.mul(x, x)));

test("joined operations move what the first reads and the last gives; by themselves each reads and gives its own", () => {
  const program = programOf(1000, chain);
  const tensor = 4 * 1000 * 100;
  expect(bytesOf(operationWork(program))).toEqual([3 * tensor, 2 * tensor, 2 * tensor]);
  expect(bytesOf(tensorflowMemory.work(program))).toEqual([2 * tensor]);
});

test("what others read of joined operations is written too", () => {
  const tensor = 4 * 1000 * 100;
  const program = programOf(1000, (x, build) => {
    const negative = build.add({ op: "neg" }, build.mul(x, x));
    const turned = build.add({ op: "transpose", permutation: [1, 0] }, negative);
    return build.add(
      { op: "matmul", transposeA: false, transposeB: false },
      build.add({ op: "exp" }, negative),
      turned,
    );
  });
  const [rows, ...others] = tensorflowMemory.work(program).filter(({ bytes }) => bytes > 0);
  expect(rows).toEqual({ product: null, bytes: 3 * tensor });
  expect(others.filter(({ product }) => product !== null).map(({ product }) => product)).toEqual([
    { flops: 2 * 1000 * 1000 * 100, dtype: "f32" },
  ]);
});

test("few elements are no row program, nor is one operation alone", () => {
  const few = programOf(10, chain);
  expect(tensorflowMemory.work(few)).toEqual(operationWork(few));
  const one = programOf(1000, (x, build) => build.mul(x, x));
  expect(bytesOf(tensorflowMemory.work(one))).toEqual([3 * 4 * 1000 * 100]);
});
