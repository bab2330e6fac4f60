import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Program } from "../../compiler/programs/program.ts";
import { createSource } from "../../grammar/index.ts";
import { loadTensorflow } from "../../runtime/native/index.ts";
import { TensorflowSession, writePrograms } from "../../runtime/tensorflow/index.ts";

const native = loadTensorflow();
const folder = mkdtempSync(join(tmpdir(), "medctc-feed-"));
/** `table` takes more than the 64 MiB that are fed at once. */
const shapes = new Map<string, readonly number[]>([
  ["scale", []],
  ["bias", [3]],
  ["table", [70_000, 256]],
  ["weight", [2, 5]],
]);
const values = new Map(
  [...shapes].map(([path, shape], seed) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return [path, Float32Array.from({ length: count }, (_, index) => Math.sin(index + seed))] as const;
  }),
);

/** A program that reads all of them. */
function programOf(): Program {
  const graph = new Graph();
  const build = new Builder(graph, { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } });
  const sums = [...shapes].map(([path, shape]) => {
    const parameter = build.add({ op: "parameter", path, type: { dtype: "f32", shape } });
    const sum = build.sum(
      parameter,
      shape.map((_, axis) => axis),
      false,
    );
    return [path, sum] as const;
  });
  return { name: "sums", graph, outputs: new Map(sums), updates: new Map(), once: new Map() };
}

/** Pieces of sizes that fit nothing, in one memory that is written over each time. */
function* piecesOf(whole: Float32Array, size = 1_000_003): Iterable<Float32Array> {
  const memory = new Float32Array(size);
  for (let at = 0; at < whole.length; at += size) {
    const piece = whole.subarray(at, at + size);
    memory.fill(Number.NaN).set(piece);
    yield memory.subarray(0, piece.length);
  }
}

describe.runIf(native.kind === "ready")("weights that TensorFlow is fed", () => {
  let session: TensorflowSession;
  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    const settings = { parameters: [], trainable: new Set(shapes.keys()), seed: 0, bf16Products: "native" as const };
    session = await TensorflowSession.load(native.tf, folder, writePrograms([programOf()], settings, folder));
  });
  afterAll(() => {
    session.dispose();
    rmSync(folder, { recursive: true });
  });

  /** Where what the session has first differs from what it should have. */
  function differences(expected: ReadonlyMap<string, Float32Array>): readonly string[] {
    const found = session.run("read", new Map());
    return [...expected].flatMap(([path, data]) => {
      const place = data.findIndex((value, index) => !Object.is(value, found.get(path)?.[index]));
      return place < 0 ? [] : [`${path}[${place}] is ${found.get(path)?.[place]} instead of ${data[place]}`];
    });
  }

  test("are what it has then, whatever pieces they came in, a negative zero included", () => {
    const given = new Map(values).set("bias", Float32Array.of(-0, 3e38, -1));
    session.feed((path) => piecesOf(given.get(path) ?? new Float32Array(0)));
    expect(differences(given)).toEqual([]);
    expect(session.run("sums", new Map()).get("bias")?.[0]).toBe(Math.fround(3e38));
  });

  test("stay what they are when others are stored, or fed again", () => {
    session.feed((path) => piecesOf(values.get(path) ?? new Float32Array(0)));
    const weight = Float32Array.from({ length: 10 }, (_, index) => index);
    session.store(new Map([["weight", weight]]));
    const stored = weight.slice();
    weight.fill(7);
    expect(differences(new Map(values).set("weight", stored))).toEqual([]);
    const table = new Float32Array(70_000 * 256).fill(0.5);
    session.store(new Map([["table", table]]));
    expect(differences(new Map(values).set("weight", stored).set("table", table))).toEqual([]);
  });

  test("are zeros where nothing is given for them", () => {
    session.feed((path) => (path === "bias" ? [Float32Array.of(1, 2, 3)] : null));
    const zeros = [...values].map(([path, data]) => [path, new Float32Array(data.length)] as const);
    expect(differences(new Map(zeros).set("bias", Float32Array.of(1, 2, 3)))).toEqual([]);
  });

  test("are refused when there are not as many as the shape has", () => {
    for (const count of [2, 4]) {
      expect(() =>
        session.feed((path) => [path === "bias" ? new Float32Array(count) : (values.get(path) ?? weightless)]),
      ).toThrow("what is given for bias has not the elements of its shape");
    }
  });
});

const weightless = new Float32Array(0);
