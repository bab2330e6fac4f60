import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed } from "../../runtime/backends/index.ts";
import { computeFeatures } from "../../runtime/train/index.ts";

const folder = join(mkdtempSync(join(tmpdir(), "medctc-features-")), "features");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const graph = new Graph();
const build = new Builder(graph, { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } });
const output = build.add({ op: "input", name: "x", type: { dtype: "f32", shape: [1, 2] } });
const features = {
  program: { name: "features", graph, outputs: new Map([["feature:0", output]]), updates: new Map(), once: new Map() },
};

/** Computes features [10 e, 10 e + 1] of five examples e; says which volumes were read, and with what else read ahead. */
async function computed(needed: readonly number[], bad: number | null = null) {
  const read: [number, number | null][] = [];
  let hasBad = false;
  const backend = backendNamed("tensorflow");
  if (backend === null) throw new Error("there is a backend for TensorFlow");
  const found = await computeFeatures({
    features,
    needed,
    folder,
    examples: 5,
    identity: "tests",
    engine: {
      backend,
      run: (_, inputs) => Promise.resolve(new Map([["feature:0", Float32Array.from(inputs.get("x") ?? [])]])),
    },
    batches: {
      featureInputs: (example, next) => {
        read.push([example, next]);
        if (example === bad) hasBad = true;
        return Promise.resolve(new Map([["x", Float32Array.of(10 * example, 10 * example + 1)]]));
      },
      // Nothing reads them from then on.
      done: (inputs) => {
        for (const values of inputs.values()) values.fill(-1);
      },
      get hasBad() {
        return hasBad;
      },
    },
    tell: () => undefined,
    isStopped: () => false,
  });
  if (found.kind !== "table") throw new Error("features are computed");
  return { read, from: found.from, rows: found.table.rowsOf(needed).get("feature:0") };
}

test("only examples that a training reads are computed, and an incomplete table is not kept", async () => {
  const { read, rows } = await computed([1, 3]);
  expect(read).toEqual([
    [1, 3],
    [3, null],
  ]);
  expect(rows).toEqual(Float32Array.of(10, 11, 30, 31));
  expect(existsSync(folder)).toBe(false);
});

test("once one is bad all are computed, since any may take its place", async () => {
  expect((await computed([1, 3], 3)).read.map(([example]) => example)).toEqual([1, 3, 0, 2, 4]);
  expect(existsSync(folder)).toBe(false);
});

test("those of all examples are kept, and serve a training that reads some", async () => {
  expect((await computed([0, 1, 2, 3, 4])).from).toBe("volumes");
  expect(readdirSync(folder)).toHaveLength(1);
  expect(await computed([4])).toEqual({ read: [], from: "cache", rows: Float32Array.of(40, 41) });
});
