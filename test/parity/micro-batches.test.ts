import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  buildProgram,
  compileSpec,
  elementCount,
  optimise,
  type Program,
  type ProgramName,
  runProgram,
  type TensorData,
  type TracedSpec,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";
import { withNoise } from "./noise.ts";

const path = "specs/medct-small.vlm";
const reference = readFileSync(path, "utf8");

function specOf(text: string, batch: number, microBatch: number): TracedSpec {
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), {
    batch,
    microBatch,
  });
  expect(diagnostics.filter(({ key }) => key !== "expectation-failed")).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

type Optimise = (program: Program, spec: TracedSpec) => Program;

function programOf(spec: TracedSpec, name: ProgramName, run: Optimise): Program {
  const program = buildProgram(spec, name);
  if (program === null) throw new Error(`the spec has a program ${name}`);
  return run(program, spec);
}

/** Random numbers for what a program reads and is not known yet, the same for the same name; sums start at zero. */
function draw(program: Program, random: Random, into: Map<string, TensorData>): void {
  for (const { operation, type } of program.graph.nodes) {
    const name = operation.op === "input" ? operation.name : operation.op === "parameter" ? operation.path : null;
    if (name === null || into.has(name) || program.once.has(name)) continue;
    const isState = /^(sum|mean|square):/.test(name);
    const value = (): number => (type.dtype === "i32" ? random.below(2) : isState ? 0 : random.below(2000) / 1000 - 1);
    into.set(name, { type, data: Float64Array.from({ length: elementCount(type) }, value) });
  }
  into.set("step", { type: { dtype: "i32", shape: [] }, data: Float64Array.of(3) });
}

function rowsOf({ type, data }: TensorData, from: number, to: number): TensorData {
  const [rows = 1, ...rest] = type.shape;
  const width = data.length / rows;
  return {
    type: { ...type, shape: [to - from, ...rest] },
    data: Float64Array.from(data.slice(from * width, to * width)),
  };
}

/** A step in pieces, as a run on any backend does it. */
function stepInPieces(
  spec: TracedSpec,
  whole: ReadonlyMap<string, TensorData>,
  run: Optimise,
): ReadonlyMap<string, TensorData> {
  const { batch, microBatch } = spec.settings;
  const values = new Map(whole);
  const execute = (program: Program, inputs: ReadonlyMap<string, TensorData>): ReadonlyMap<string, TensorData> => {
    draw(program, new Random(0), values);
    const results = runProgram(program, { inputs, parameters: values }, "f64");
    for (const name of program.updates.keys()) {
      const value = results.get(name);
      if (value !== undefined) values.set(name, value);
    }
    return results;
  };
  const pieceInputs = (from: number): Map<string, TensorData> =>
    new Map(
      [...whole].flatMap(([name, value]) =>
        value.type.shape[0] === batch && !name.includes(".") ? [[name, rowsOf(value, from, from + microBatch)]] : [],
      ),
    );
  const embeddings = new Map<string, number[]>();
  const embed = programOf(spec, "embed", run);
  for (let from = 0; from < batch; from += microBatch) {
    for (const [name, { data }] of execute(embed, pieceInputs(from))) {
      embeddings.set(name, [...(embeddings.get(name) ?? []), ...data]);
    }
  }
  const compare = programOf(spec, "compare", run);
  const embedded = new Map(
    [...embeddings].map(([name, data]) => {
      const { shape } = embed.outputs.get(name)?.type ?? { shape: [] };
      return [
        name,
        { type: { dtype: "f32" as const, shape: [batch, ...shape.slice(1)] }, data: Float64Array.from(data) },
      ];
    }),
  );
  const compared = execute(compare, embedded);
  const backpropagate = programOf(spec, "backpropagate", run);
  for (let from = 0; from < batch; from += microBatch) {
    const inputs = pieceInputs(from);
    for (const [name, value] of compared) {
      if (name.startsWith("embedding_gradient:")) inputs.set(name, rowsOf(value, from, from + microBatch));
    }
    execute(backpropagate, inputs);
  }
  const step = new Map([["step", { type: { dtype: "i32" as const, shape: [] }, data: Float64Array.of(3) }]]);
  return new Map([...compared, ...execute(programOf(spec, "update", run), step)]);
}

/** The largest difference, over the largest value. */
function relativeError(expected: ArrayLike<number>, found: ArrayLike<number>): number {
  let error = 0;
  let largest = 1e-9;
  for (let place = 0; place < expected.length; place++) {
    const value = expected[place] ?? 0;
    const difference = Math.abs(value - (found[place] ?? Number.NaN));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    error = Math.max(error, difference);
    largest = Math.max(largest, Math.abs(value));
  }
  return error / largest;
}

const specs: readonly (readonly [string, string])[] = [
  ["the reference", reference],
  ["one that trains the temperature too", reference.replace("text, temperature,", "text,")],
  ["one that trains everything", reference.replace(/^ {2}freeze .*\n/m, "")],
  [
    "one that clips, with adapters on the text alone",
    reference
      .replace("vision.attn.qkv, text.attn.q,v\n", "text.attn.q,v\n")
      .replace("batch = 3", "batch = 3\n  clip_norm = 1e-3"),
  ],
  [
    "one with another loss besides",
    reference.replace("  loss contrastive", "  loss 0.1 * mean(image * image)\n  loss contrastive"),
  ],
  [
    "one with a loss of the adapters themselves",
    reference
      .replace('import "std/lora"', 'import "std/adalora"')
      .replace("lora(rank = 4, alpha = 8)", "adalora(rank = 4, alpha = 8)")
      .replace("  loss contrastive", "  loss 0.5 * orthogonality(adalora.placed)\n  loss contrastive"),
  ],
];

describe.each(specs)("a step in pieces is the step of the whole batch: %s", (_, text) => {
  test.each([
    [3, 1],
    [4, 2],
  ])("a batch of %i in pieces of %i", (batch, microBatch) => {
    const spec = specOf(text, batch, microBatch);
    const step = programOf(spec, "step", optimise);
    const values = new Map<string, TensorData>();
    draw(step, new Random(5), values);
    const whole = runProgram(step, { inputs: values, parameters: values }, "f64");
    const inMicroBatches = stepInPieces(spec, values, optimise);
    expect(step.updates.size).toBeGreaterThan(8);
    for (const name of [...step.updates.keys(), ...step.outputs.keys()]) {
      const expected = whole.get(name)?.data ?? [];
      const found = inMicroBatches.get(name)?.data ?? [];
      expect([name, found.length, relativeError(expected, found) < 1e-7]).toEqual([name, expected.length, true]);
    }
  });
});

test.each([
  ["dropout", reference.replace("alpha = 8)", "alpha = 8, dropout = 0.5)")],
  ["numbers", withNoise(reference)],
])("a piece draws the same %s when it is computed again", (_, text) => {
  const spec = specOf(text, 4, 2);
  const embed = programOf(spec, "embed", optimise);
  const backpropagate = programOf(spec, "backpropagate", optimise);
  const values = new Map<string, TensorData>();
  draw(embed, new Random(5), values);
  const embedded = runProgram(embed, { inputs: values, parameters: values }, "f64");
  let sum = 0;
  for (const [name, { type, data }] of embedded) {
    // With gradients of one, what is differentiated is the sum of the embeddings.
    values.set(name.replace("embedding:", "embedding_gradient:"), {
      type,
      data: new Float64Array(data.length).fill(1),
    });
    for (const value of data) sum += value;
  }
  draw(backpropagate, new Random(6), values);
  const again = runProgram(backpropagate, { inputs: values, parameters: values }, "f64");
  expect(again.get("loss")?.data[0]).toBeCloseTo(sum, 9);
  values.set("step", { type: { dtype: "i32", shape: [] }, data: Float64Array.of(4) });
  const another = runProgram(backpropagate, { inputs: values, parameters: values }, "f64");
  expect(Math.abs((another.get("loss")?.data[0] ?? 0) - sum)).toBeGreaterThan(1e-6);
});
