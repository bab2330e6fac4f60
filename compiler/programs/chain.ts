import { createSource } from "../../grammar/index.ts";
import { Builder, Graph, type Node, type Operation } from "../ir/index.ts";
import type { ParameterProgram } from "./product.ts";

const product: Operation = { op: "matmul", transposeA: false, transposeB: false };

/**
 * Operations of many kinds on a square matrix that is a parameter, one after the other as layers have them, round by round; the
 * first row of the last matrix is given. Large matrices without products say how fast a machine moves bytes, and small ones what an
 * operation takes besides.
 */
export function buildChain(size: number, rounds: number, products: "with products" | "without"): ParameterProgram {
  const origin = { path: "", span: { source: createSource("chain", ""), start: 0, end: 0 } };
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const type = { dtype: "f32", shape: [size, size] } as const;
  const matrix = (path: string): Node => build.add({ op: "parameter", path, type });
  const second = matrix("b");
  let value = matrix("a");
  for (let round = 0; round < rounds; round++) {
    // Shares of a whole, so that nothing grows from round to round.
    const shares = build.add({ op: "softmax", axis: -1 }, value);
    const turned = build.add({ op: "transpose", permutation: [1, 0] }, shares);
    const scaled = build.mul(turned, second);
    const other = products === "without" ? scaled : build.add(product, scaled, second);
    const bent = build.add({ op: "tanh" }, build.add({ op: "add" }, other, second));
    value = build.add({ op: "sub" }, bent, build.sum(build.mul(bent, second), [1], true));
  }
  const row = build.add({ op: "slice", axis: 0, from: 0, to: 1 }, value);
  return {
    program: { name: "chain", graph, outputs: new Map([["row", row]]), updates: new Map(), once: new Map() },
    parameters: ["a", "b"].map((path) => ({ path, type, initial: { kind: "uniform", bound: 0.5 }, origin })),
  };
}
