import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  buildProgram,
  compileSpec,
  elementCount,
  emitOnnx,
  type Given,
  nameOf,
  optimiseForOnnx,
  type Program,
  type ProgramName,
  runProgram,
  type TensorData,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, type StoredTensor } from "../../runtime/weights/index.ts";
import { difference, fixture, stages } from "./ctclip-fixture.ts";
import { withNoise } from "./noise.ts";

const path = "specs/medct-small.vlm";
const { plan, spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
const weights = fixture("weights.safetensors");
const lora = fixture("lora.safetensors");

function dataOf(stored: StoredTensor): TensorData {
  return {
    type: { dtype: stored.dtype === "I64" ? "i32" : "f32", shape: stored.shape },
    data: Float32Array.from(elementsOf(stored)),
  };
}

const inputs = new Map([...fixture("batch.safetensors")].map(([name, stored]) => [name, dataOf(stored)]));

/** The fixture's weights by path, with its adapters or with those that change nothing. */
function parametersOf(adapters: boolean): ReadonlyMap<string, TensorData> {
  return new Map(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].flatMap(({ path: at, checkpoint }) => {
      const stored = weights.get(checkpoint) ?? (adapters ? lora.get(checkpoint) : undefined);
      return stored === undefined ? [] : [[at, dataOf(stored)] as const];
    }),
  );
}

function programOf(name: ProgramName, fetch: readonly string[] = []) {
  const program = spec === null ? null : buildProgram(spec, name, fetch);
  if (spec === null || program === null) throw new Error("the spec has this program");
  return optimiseForOnnx(program, spec);
}

const seed = spec?.settings.seed ?? 0;

/** Runs a program on ONNX Runtime as `medctc run` does; what is given for no parameter is an optimizer's state. */
function runOnOnnx(program: Program, drawn: number, { inputs: fed, parameters: given }: Given, of = spec) {
  const onnx = backendNamed("onnx");
  if (onnx === null || of === null) throw new Error("the backend is listed, and the spec compiles");
  const { parameters, trainable } = of;
  const data = new Map([...given].map(([at, value]) => [at, Float32Array.from(value.data)]));
  const piecesOf = (at: string): Iterable<Float32Array> => [data.get(at) ?? new Float32Array(0)];
  const known = new Set(parameters.map(({ path: at }) => at));
  const state = new Map([...data].filter(([at]) => !known.has(at)));
  return runOnce(onnx, { parameters, trainable, seed: drawn, programs: [program] }, { inputs: fed, piecesOf, state });
}

describe("ONNX Runtime gives what CT-CLIP's own code gives", () => {
  let outputs: ReadonlyMap<string, TensorData>;
  beforeAll(async () => {
    const program = programOf(
      "forward",
      stages.map(([, name]) => name),
    );
    outputs = await runOnOnnx(program, seed, { inputs, parameters: parametersOf(false) });
  });

  test.each(stages)("%s within 2e-5", (name, value) => {
    expect(difference(outputs.get(value)?.data ?? [], name)).toBeLessThan(2e-5);
  });

  test("the loss within 1e-5", () => {
    expect(difference(outputs.get("loss")?.data ?? [], "loss_base")).toBeLessThan(1e-5);
  });

  test.each(["image", "text"] as const)("the %s encoder alone gives the same latent", async (kind) => {
    const given = { inputs, parameters: parametersOf(false) };
    const { data } = (await runOnOnnx(programOf(`encode_${kind}`), seed, given)).get("latent") ?? { data: [] };
    expect(difference(data, `${kind}_latent`)).toBeLessThan(2e-5);
  });
});

describe("ONNX Runtime trains as PyTorch and PEFT do", () => {
  const losses: number[] = [];
  let gradients: ReadonlyMap<string, TensorData>;
  let after: ReadonlyMap<string, TensorData>;
  const paths = new Map((plan?.parameters ?? []).map(({ checkpoint, path: at }) => [checkpoint, at]));
  beforeAll(async () => {
    const step = programOf("step");
    let parameters = parametersOf(true);
    for (let number = 0; number < 3; number++) {
      const count: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(number) };
      const results = await runOnOnnx(step, seed, { inputs: new Map([...inputs, ["step", count]]), parameters });
      if (number === 0) gradients = results;
      losses.push(results.get("loss")?.data[0] ?? Number.NaN);
      parameters = new Map([...parameters, ...[...results].filter(([name]) => step.updates.has(name))]);
    }
    const last = await runOnOnnx(programOf("forward"), seed, { inputs, parameters });
    losses.push(last.get("loss")?.data[0] ?? Number.NaN);
    after = parameters;
  });

  test("losses of three steps and after within 1e-4", () => {
    expect(difference(losses, "losses")).toBeLessThan(1e-4);
  });

  test.each([...lora.keys()])("%s: its gradient and its value after three steps within 1e-4", (name) => {
    const at = paths.get(name) ?? "";
    expect(
      difference(gradients.get(nameOf({ kind: "gradient", parameter: at }))?.data ?? [], `grad.${name}`),
    ).toBeLessThan(1e-4);
    expect(difference(after.get(at)?.data ?? [], `after3.${name}`)).toBeLessThan(1e-4);
  });
});

test.each([
  ["dropout", (text: string) => text.replace("alpha = 8)", "alpha = 8, dropout = 0.3)")],
  ["noise", withNoise],
])("%s draws the numbers of the reference evaluator, and others with another seed", async (_, drawing) => {
  const text = drawing(readFileSync(path, "utf8"));
  const { spec: dropping } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  const built = dropping === null ? null : buildProgram(dropping, "step");
  if (dropping === null || built === null) throw new Error("the spec has a step");
  const step = optimiseForOnnx(built, dropping);
  const count: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(5) };
  const parameters = new Map(parametersOf(true));
  for (const { operation, type } of step.graph.nodes) {
    if (operation.op !== "parameter" || parameters.has(operation.path)) continue;
    parameters.set(operation.path, { type, data: new Float32Array(elementCount(type)) });
  }
  const given = { inputs: new Map([...inputs, ["step", count]]), parameters };
  const lossOf = (results: ReadonlyMap<string, TensorData>): number => results.get("loss")?.data[0] ?? Number.NaN;
  const reference = lossOf(runProgram(step, given, "f32"));
  const errorWith = async (drawn: number) =>
    Math.abs(lossOf(await runOnOnnx(step, drawn, given, dropping)) - reference);
  expect(await errorWith(dropping.settings.seed)).toBeLessThan(1e-5);
  expect(await errorWith(dropping.settings.seed + 1)).toBeGreaterThan(1e-4);
});

test("layer norms and GELUs of an encoder are ONNX's own, and those that gradients look into are not", () => {
  const count = (name: ProgramName, op: string): number =>
    emitOnnx(programOf(name), { trainable: new Set(), gradients: false }).nodes.filter((node) => node.op === op).length;
  expect(count("encode_text", "LayerNormalization")).toBe(5);
  expect(count("encode_text", "Gelu")).toBe(2);
  expect(count("encode_image", "Gelu")).toBe(4);
  expect(count("encode_image", "Erf")).toBe(0);
  expect(count("step", "Erf")).toBeGreaterThan(0);
});
