import { expect, test } from "vitest";
import { peakOf } from "../../compiler/analyses/memory/peak.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Node } from "../../compiler/ir/types.ts";
import { createSource } from "../../grammar/index.ts";

const origin = { path: "m", span: { source: createSource("test", ""), start: 0, end: 0 } };
const type = { dtype: "f32" as const, shape: [1000] };
const bytes = 4000;

/** The peak of a program of one output, made from an input and a weight of 4000 bytes each. */
function peakOfOne(make: (x: Node, weight: Node, build: Builder) => Node) {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const input = build.add({ op: "input", name: "x", type });
  const weight = build.add({ op: "parameter", path: "w", type });
  const outputs = new Map([["y", make(input, weight, build)]]);
  return peakOf({ name: "p", graph, outputs, updates: new Map(), once: new Map() });
}

test("an input is held twice, and a weight is a variable", () => {
  const peak = peakOfOne((x, weight, build) => build.mul(x, weight));
  expect(peak.tensorBytes).toBe(3 * bytes);
  expect(peak.at?.operation.op).toBe("mul");
});

test("operations on elements write over what nothing else reads", () => {
  const chain = peakOfOne((x, _, build) =>
    build.add({ op: "exp" }, build.add({ op: "neg" }, build.add({ op: "sin" }, x))),
  );
  expect(chain.tensorBytes).toBe(3 * bytes);
  const both = peakOfOne((x, _, build) => {
    const sine = build.add({ op: "sin" }, x);
    return build.mul(build.add({ op: "exp" }, sine), sine);
  });
  expect(both.tensorBytes).toBe(4 * bytes);
});

test("another shape takes nothing, a copy in another order does, and what was read is given back", () => {
  const peak = peakOfOne((x, _, build) => {
    const turned = (node: Node): Node => build.add({ op: "transpose", permutation: [1, 0] }, node);
    return turned(turned(build.reshape(turned(build.reshape(x, [10, 100])), [100, 10])));
  });
  expect(peak.tensorBytes).toBe(4 * bytes);
});

test("an update takes the place of its variable once that was read", () => {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const weights = ["a", "b", "c"].map((path) => build.add({ op: "parameter", path, type }));
  const updates = new Map(weights.map((weight, index) => [["a", "b", "c"][index] ?? "", build.mul(weight, 2)]));
  const peak = peakOf({ name: "p", graph, outputs: new Map(), updates, once: new Map() });
  expect(peak.tensorBytes).toBe(bytes);
});
