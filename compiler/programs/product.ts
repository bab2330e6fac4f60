import { createSource } from "../../grammar/index.ts";
import { Builder, type Dtype, Graph, type Program } from "../ir/index.ts";
import type { InitialParameter } from "./init.ts";

/** A program, and the parameters that it reads. */
export interface ParameterProgram {
  readonly program: Program;
  readonly parameters: readonly InitialParameter[];
}

/** One product of two square matrices that are parameters, of which the first row is given: what a machine can at best. */
export function buildProduct(size: number, dtype: Dtype): ParameterProgram {
  const origin = { path: "", span: { source: createSource("product", ""), start: 0, end: 0 } };
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const shape = [size, size];
  const matrix = (path: string) => build.add({ op: "parameter", path, type: { dtype, shape } });
  const product = build.add({ op: "matmul", transposeA: false, transposeB: false }, matrix("a"), matrix("b"));
  const row = build.add({ op: "slice", axis: 0, from: 0, to: 1 }, product);
  const given = dtype === "f32" ? row : build.add({ op: "cast", dtype: "f32" }, row);
  const parameters = ["a", "b"].map(
    (path): InitialParameter => ({
      path,
      type: { dtype: "f32", shape },
      initial: { kind: "uniform", bound: 1 },
      origin,
    }),
  );
  return {
    program: { name: "product", graph, outputs: new Map([["row", given]]), updates: new Map(), once: new Map() },
    parameters,
  };
}
