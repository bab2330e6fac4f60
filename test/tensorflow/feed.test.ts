import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Program } from "../../compiler/ir/program.ts";
import type { Dtype, Node } from "../../compiler/ir/types.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";

const native = loadTensorflow();

interface Weight {
  readonly shape: readonly number[];
  readonly role: "frozen" | "trainable";
  /** The types that the program reads it in; each is a variable of its own. */
  readonly read: readonly Dtype[];
}

/** Weights of every type and rank, in one variable and in two, of no element, of one, and of many. */
const weights: Readonly<Record<string, Weight>> = {
  scale: { shape: [], role: "frozen", read: ["f32"] },
  temperature: { shape: [], role: "frozen", read: ["bf16"] },
  steps: { shape: [7], role: "frozen", read: ["i32"] },
  bias: { shape: [3], role: "trainable", read: ["f32"] },
  half: { shape: [40, 16], role: "frozen", read: ["bf16"] },
  other: { shape: [40, 16], role: "frozen", read: ["bf16"] },
  both: { shape: [30, 20], role: "frozen", read: ["f32", "bf16"] },
  counts: { shape: [11, 9], role: "frozen", read: ["i32"] },
  none: { shape: [0, 4], role: "frozen", read: ["f32"] },
  table: { shape: [70, 25], role: "trainable", read: ["f32"] },
  last: { shape: [20, 50], role: "frozen", read: ["bf16"] },
};
const paths = Object.keys(weights);
const totalBytes = paths.reduce((sum, path) => sum + 4 * countOf(path), 0);

function countOf(path: string): number {
  return weights[path]?.shape.reduce((product, size) => product * size, 1) ?? 0;
}

/** Values with digits that bf16 and i32 lose. */
function valuesFor(seed: number): ReadonlyMap<string, Float32Array> {
  return new Map(
    paths.map((path, place) => {
      const isWhole = weights[path]?.read.includes("i32") === true;
      const valueAt = (index: number): number => (isWhole ? 37 * index - 90 : 3 * Math.sin(index + place + 10 * seed));
      return [path, Float32Array.from({ length: countOf(path) }, (_, index) => valueAt(index))] as const;
    }),
  );
}

/** A 32-bit float as the nearest one of 16 bits; of two as near, the even one. */
function toBf16(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const rounded = bits + 0x7fff + ((bits >>> 16) & 1);
  return new Float32Array(Uint32Array.of(rounded & 0xffff0000).buffer)[0] ?? Number.NaN;
}

function builderOf(graph: Graph): Builder {
  return new Builder(graph, { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } });
}

function parameter(build: Builder, path: string): Node {
  return build.add({ op: "parameter", path, type: { dtype: "f32", shape: weights[path]?.shape ?? [] } });
}

/** What a program that is called `reads` gives: every weight in every type that it is read in, and what is computed once. */
function programOf(): Program {
  const graph = new Graph();
  const build = builderOf(graph);
  const outputs = new Map<string, Node>();
  const once = new Map<string, Node>();
  for (const path of paths) {
    for (const dtype of weights[path]?.read ?? []) {
      if (dtype === "f32") {
        outputs.set(`${path} f32`, build.add({ op: "stop_gradient" }, parameter(build, path)));
        continue;
      }
      once.set(`once:${path}`, builderOf(new Graph()).add({ op: "cast", dtype }, parameter(build, path)));
      const type = { dtype, shape: weights[path]?.shape ?? [] };
      const stored = build.add({ op: "parameter", path: `once:${path}`, type });
      outputs.set(`${path} ${dtype}`, build.add({ op: "cast", dtype: "f32" }, stored));
    }
  }
  const doubled = builderOf(new Graph());
  once.set("once:doubled", doubled.add({ op: "add" }, parameter(doubled, "both"), parameter(doubled, "both")));
  const stored = build.add({ op: "parameter", path: "once:doubled", type: { dtype: "f32", shape: [30, 20] } });
  outputs.set("doubled", build.add({ op: "stop_gradient" }, stored));
  return { name: "reads", graph, outputs, updates: new Map(), once };
}

/** What the program has to give for some values. */
function expectedOf(values: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array> {
  const asRead = paths.flatMap((path) =>
    (weights[path]?.read ?? []).map((dtype) => {
      const given = values.get(path) ?? new Float32Array(0);
      return [`${path} ${dtype}`, dtype === "bf16" ? given.map(toBf16) : given] as const;
    }),
  );
  return new Map([...asRead, ["doubled", (values.get("both") ?? new Float32Array(0)).map((value) => 2 * value)]]);
}

/** Pieces of sizes that fit nothing, in one memory that is written over each time. */
function* piecesOf(whole: Float32Array, size = 103): Iterable<Float32Array> {
  const memory = new Float32Array(size);
  for (let at = 0; at < whole.length; at += size) {
    const piece = whole.subarray(at, at + size);
    memory.fill(Number.NaN).set(piece);
    yield memory.subarray(0, piece.length);
  }
}

const runs = [
  { times: "one run", feedBytes: totalBytes },
  { times: "two runs", feedBytes: Math.ceil(0.6 * totalBytes) },
  { times: "many runs, in which every matrix is cut", feedBytes: 256 },
  { times: "a run for each row", feedBytes: 1 },
];

describe.runIf(native.kind === "ready").each(runs)("weights that TensorFlow is fed in $times", ({ feedBytes }) => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-feed-"));
  let session: TensorflowSession;
  beforeAll(async () => {
    if (native.kind !== "ready") throw new Error(native.reason);
    const trainable = new Set(paths.filter((path) => weights[path]?.role === "trainable"));
    const settings = { parameters: [], trainable, seed: 0, bf16Products: "native" as const, feedBytes };
    session = await TensorflowSession.load(native.tf, folder, writePrograms([programOf()], settings, folder));
  });
  afterAll(() => {
    session.dispose();
    rmSync(folder, { recursive: true });
  });

  function feed(values: ReadonlyMap<string, Float32Array>): void {
    session.feed((path) => {
      const given = values.get(path);
      return given === undefined ? null : piecesOf(given);
    });
    session.run("prepare", new Map());
  }

  /** Where what the programs read first differs from what they should. */
  function differences(values: ReadonlyMap<string, Float32Array>): readonly string[] {
    const found = session.run("reads", new Map());
    const read = session.run("read", new Map());
    const trained = [...read.keys()].map((path) => [path, read.get(path), values.get(path)] as const);
    const all = [...expectedOf(values)].map(([name, data]) => [name, found.get(name), data] as const);
    return [...all, ...trained].flatMap(([name, given, data]) => {
      if (given?.length !== data?.length) return [`${name} has ${given?.length} elements instead of ${data?.length}`];
      const place = data?.findIndex((value, index) => !Object.is(value, given?.[index])) ?? -1;
      return place < 0 ? [] : [`${name}[${place}] is ${given?.[place]} instead of ${data?.[place]}`];
    });
  }

  test("are what it has then, whatever pieces they came in, a negative zero included", () => {
    const values = new Map(valuesFor(1)).set("bias", Float32Array.of(-0, 3e38, -1));
    feed(values);
    expect(differences(values)).toEqual([]);
  });

  test("take the place of those that were fed before", () => {
    feed(valuesFor(1));
    feed(valuesFor(2));
    expect(differences(valuesFor(2))).toEqual([]);
  });

  test("stay what they are when others are stored, as a resumed training does it", () => {
    feed(valuesFor(1));
    for (const path of ["bias", "table"]) {
      const stored = new Map(valuesFor(3)).get(path) ?? new Float32Array(0);
      const given = stored.slice();
      session.store(new Map([[path, given]]));
      given.fill(7);
      const before = path === "bias" ? valuesFor(1) : new Map(valuesFor(1)).set("bias", biasOf(3));
      expect(differences(new Map(before).set(path, stored))).toEqual([]);
    }
  });

  test("are zeros where nothing is given for them", () => {
    feed(new Map([["last", valuesFor(1).get("last") ?? new Float32Array(0)]]));
    const zeros = paths.map((path) => [path, new Float32Array(countOf(path))] as const);
    expect(differences(new Map([...zeros, ["last", valuesFor(1).get("last") ?? new Float32Array(0)]]))).toEqual([]);
  });

  test("are refused when there are not as many as the shape has", () => {
    for (const count of [2, 4]) {
      expect(() => feed(new Map(valuesFor(1)).set("bias", new Float32Array(count)))).toThrow(
        "what is given for bias has not the elements of its shape",
      );
    }
  });
});

function biasOf(seed: number): Float32Array {
  return valuesFor(seed).get("bias") ?? new Float32Array(0);
}
