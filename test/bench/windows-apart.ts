import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { elementCount, type InitialParameter, type Program } from "../../compiler/index.ts";
import { Builder, Graph, type Operation } from "../../compiler/ir/index.ts";
import { gradientsOf } from "../../compiler/passes/reverse-mode.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed } from "../../runtime/backends/index.ts";
import { print } from "../print.ts";
import { Random } from "../random.ts";

/**
 * Convolutions and pools forward and backward on TensorFlow, in a process of its own: `windows-apart CASES ROUNDS` prints the
 * milliseconds of each round of each case as JSON. Inputs are variables, and of each result only the sum is read.
 */
const cases = v.array(
  v.object({
    name: v.string(),
    kind: v.picklist(["conv", "max_pool", "avg_pool"]),
    input: v.array(v.number()),
    weight: v.array(v.number()),
    stride: v.number(),
    padding: v.number(),
    groups: v.number(),
  }),
);
type Case = v.InferOutput<typeof cases>[number];

/** After that long a case gets no more rounds than three. */
const limitMs = 5000;

const [, , path = "", rounds = "1"] = process.argv;
const found: Record<string, readonly number[]> = {};
for (const each of v.parse(cases, JSON.parse(readFileSync(path, "utf8"))))
  found[each.name] = await times(each, Number(rounds));
print(JSON.stringify(found));

async function times(each: Case, count: number): Promise<readonly number[]> {
  const { program, parameters } = programOf(each);
  const backend = backendNamed("tensorflow");
  if (backend === null) throw new Error("it is listed");
  const folder = mkdtempSync(join(tmpdir(), "medctc-windows-"));
  try {
    const numbers = new Random(1);
    const shapes = new Map(parameters.map(({ path: at, type }) => [at, type]));
    const model = { parameters, trainable: new Set<string>(), seed: 0, programs: [program] };
    const piecesOf = (at: string) => {
      const type = shapes.get(at) ?? { dtype: "f32", shape: [0] };
      return [Float32Array.from({ length: elementCount(type) }, () => numbers.below(2001) / 1000 - 1)];
    };
    const engine = await backend.open(model, piecesOf, folder);
    const taken: number[] = [];
    const end = performance.now() + limitMs;
    for (let round = 0; round < count && (round < 3 || performance.now() < end); round++) {
      const start = performance.now();
      await engine.run("forward", new Map());
      taken.push(performance.now() - start);
    }
    await engine.dispose();
    return taken;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function programOf({ kind, input, weight, stride, padding, groups }: Case) {
  const graph = new Graph();
  const origin = { path: "", span: { source: createSource("bench", ""), start: 0, end: 0 } };
  const build = new Builder(graph, origin);
  const parameters: InitialParameter[] = [];
  const parameter = (name: string, shape: readonly number[]) => {
    const type = { dtype: "f32", shape } as const;
    parameters.push({ path: name, type, initial: { kind: "constant", value: 0 }, origin });
    return build.add({ op: "parameter", path: name, type });
  };
  const x = parameter("x", input);
  const axes = input.slice(1, -1);
  const moves = { stride: axes.map(() => stride), padding: axes.map(() => [padding, padding] as const) };
  const operation: Operation =
    kind === "conv"
      ? { op: kind, ...moves, dilation: axes.map(() => 1), groups }
      : { op: kind, ...moves, kernel: weight };
  const read = kind === "conv" ? [x, parameter("weight", weight)] : [x];
  const result = build.add(operation, ...read);
  const all = (shape: readonly number[]) => shape.map((_, axis) => axis);
  const slopes = parameter("slopes", result.type.shape);
  const loss = build.sum(build.mul(result, slopes), all(result.type.shape), false);
  const gradients = gradientsOf(graph, loss, new Set(read));
  const sums = [...gradients.values()].map(
    (node, index) => [`sum${index}`, build.sum(node, all(node.type.shape), false)] as const,
  );
  const program: Program = {
    name: "forward",
    graph,
    outputs: new Map([["loss", loss], ...sums]),
    updates: new Map(),
    once: new Map(),
  };
  return { program, parameters };
}
