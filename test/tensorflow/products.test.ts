import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Program, TensorType } from "../../compiler/ir/index.ts";
import { buildProduct } from "../../compiler/programs/index.ts";
import { noKernels, ownKernels } from "../../compiler/targets/tensorflow/index.ts";
import { TensorflowSession, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { Random } from "../random.ts";
import { adderTo } from "./random-rows.ts";

const native = loadTensorflow();
const knowsProducts = native.kind === "ready" && native.kernels.rows !== "none";
const random = new Random(11);

interface Product {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Panels have 6 rows and 16 columns, pieces 72 rows and up to 512 of the inner axis: some fit, and some are one off. */
const products: readonly Product[] = [
  { a: [1, 1], b: [1, 1] },
  { a: [6, 8], b: [8, 16] },
  { a: [7, 13], b: [13, 17] },
  { a: [7, 13], b: [17, 13], transposeB: true },
  { a: [13, 7], b: [13, 17], transposeA: true },
  { a: [13, 7], b: [17, 13], transposeA: true, transposeB: true },
  { a: [72, 512], b: [512, 16] },
  { a: [73, 513], b: [17, 513], transposeB: true },
  { a: [1100, 100], b: [1100, 33], transposeA: true },
  { a: [3, 1537], b: [1537, 1000] },
  { a: [200, 600], b: [300, 600], transposeB: true },
  { a: [2, 40_000], b: [300, 40_000], transposeB: true },
  { a: [5, 0], b: [0, 3] },
  { a: [0, 4], b: [4, 3] },
  { a: [2, 3, 5, 7], b: [7, 11] },
  { a: [2, 30, 50, 70], b: [110, 70], transposeB: true },
  { a: [3, 9, 6], b: [9, 5], transposeA: true },
  { a: [4, 6, 9], b: [4, 9, 5] },
  { a: [2, 8, 40, 60], b: [2, 8, 50, 60], transposeB: true },
  { a: [2, 80, 90], b: [2, 90, 110] },
  { a: [9, 6], b: [4, 9, 5], transposeA: true },
];
const titled = products.map((product) => ({ ...product, title: titleOf(product) }));

function titleOf({ a, b, transposeA = false, transposeB = false }: Product): string {
  return `${a.join(" x ")}${transposeA ? " transposed" : ""} times ${b.join(" x ")}${transposeB ? " transposed" : ""}`;
}

function programOf(product: Product, dtype: "f32" | "bf16", name: string): Program {
  const { a, b, transposeA = false, transposeB = false } = product;
  const graph = new Graph();
  const add = adderTo(graph);
  const [left, right] = [a, b].map((shape, index) => {
    const input = add({ op: "input", name: `x${index}`, type: { dtype: "f32", shape } });
    return dtype === "f32" ? input : add({ op: "cast", dtype }, input);
  });
  if (left === undefined || right === undefined) throw new Error("there are two");
  const result = add({ op: "matmul", transposeA, transposeB }, left, right);
  const given = dtype === "f32" ? result : add({ op: "cast", dtype: "f32" }, result);
  return { name, graph, outputs: new Map([["result", given]]), updates: new Map(), once: new Map() };
}

/** Eighths, which bf16 has exactly. */
function numbersOf(shape: readonly number[]): Float64Array {
  const count = shape.reduce((size, each) => size * each, 1);
  return Float64Array.from({ length: count }, () => (random.below(33) - 16) / 8);
}

describe.runIf(knowsProducts).each(["f32", "bf16"] as const)("our products in %s", (dtype) => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-products-"));
  const programs = titled.map((product, index) => programOf(product, dtype, `product${index}`));
  let session: TensorflowSession;
  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    const about = { parameters: [], trainable: new Set<string>(), seed: 0, bf16Products: "native" } as const;
    const kernels = { ...noKernels, products: { from: 0 } };
    const index = writePrograms(programs, { ...about, kernels }, folder);
    session = await TensorflowSession.load(native.tf, folder, index);
  });
  afterAll(() => {
    session.dispose();
    rmSync(folder, { recursive: true });
  });

  test("are in the graph, and TensorFlow's own are not", () => {
    const graph = readFileSync(join(folder, "saved_model.pb"), "latin1");
    expect(graph).toContain("MedctcProduct");
    expect(graph).not.toMatch(/BatchMatMulV2|\bMatMul/);
  });

  test.each(titled.map(({ title }, index) => ({ title, index })))("$title", ({ index }) => {
    const program = programs[index];
    const product = titled[index];
    if (program === undefined || product === undefined) throw new Error("it is there");
    const given = [product.a, product.b].map((shape) => ({
      type: { dtype: "f32", shape } satisfies TensorType,
      data: numbersOf(shape),
    }));
    const inputs = new Map(given.map((each, at) => [`x${at}`, each] as const));
    const [result] = program.outputs.values();
    if (result === undefined) throw new Error("it has a result");
    const exact = evaluate([result], { inputs, parameters: new Map() }, "f64").get(result)?.data ?? [];
    const found = session.run(
      program.name,
      new Map(given.map(({ data }, at) => [`x${at}`, Float32Array.from(data)] as const)),
    );
    // Sums of 64ths below 2^17 are exact in f32, so that what is rounded to bf16 is the same number.
    expect(Array.from(found.get("result") ?? [])).toEqual(Array.from(exact));
  });
});

test.each(["f32", "bf16"] as const)(
  "what the rate of products in %s is measured with is our own, as in steps",
  (dtype) => {
    const folder = mkdtempSync(join(tmpdir(), "medctc-products-"));
    try {
      const { program, parameters } = buildProduct(64, dtype);
      const about = { parameters, trainable: new Set<string>(), seed: 0, bf16Products: "widened" } as const;
      writePrograms([program], { ...about, kernels: ownKernels }, folder);
      const graph = readFileSync(join(folder, "saved_model.pb"), "latin1");
      expect(graph).toContain("MedctcProduct");
      expect(graph).not.toMatch(/BatchMatMulV2|\bMatMul/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

describe.runIf(knowsProducts)("a row of a product", () => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-products-"));
  const rows = 150;
  const [inner, columns] = [1030, 70];
  let session: TensorflowSession;
  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    const about = { parameters: [], trainable: new Set<string>(), seed: 0, bf16Products: "native" } as const;
    const programs = [rows, 1].map((count) =>
      programOf({ a: [count, inner], b: [inner, columns] }, "f32", `rows${count}`),
    );
    const index = writePrograms(programs, { ...about, kernels: { ...noKernels, products: { from: 0 } } }, folder);
    session = await TensorflowSession.load(native.tf, folder, index);
  });
  afterAll(() => {
    session.dispose();
    rmSync(folder, { recursive: true });
  });

  const a = Float32Array.from({ length: rows * inner }, () => random.below(2 ** 20) / 2 ** 18 - 2);
  const b = Float32Array.from({ length: inner * columns }, () => random.below(2 ** 20) / 2 ** 18 - 2);

  function product(left: Float32Array): readonly number[] {
    const inputs = new Map([
      ["x0", left],
      ["x1", b],
    ]);
    return Array.from(session.run(`rows${left.length / inner}`, inputs).get("result") ?? []);
  }

  test("has the same bits whatever other rows there are and however many threads share them", () => {
    const whole = product(a);
    for (const row of [0, 5, 71, 72, 149]) {
      const alone = product(a.slice(row * inner, (row + 1) * inner));
      expect(whole.slice(row * columns, (row + 1) * columns)).toEqual(alone);
    }
  });

  test("that holds what is no number leaves the others as they are", () => {
    const damaged = a.slice();
    damaged[4 * inner + 7] = Number.NaN;
    damaged[5 * inner + 7] = Infinity;
    const [before, after] = [product(a), product(damaged)];
    const isLost = (row: number) =>
      after.slice(row * columns, (row + 1) * columns).some((each) => !Number.isFinite(each));
    expect([3, 4, 5, 6].map(isLost)).toEqual([false, true, true, false]);
    expect(after.slice(6 * columns)).toEqual(before.slice(6 * columns));
  });
});
