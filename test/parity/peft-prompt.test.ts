import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildProgram, compileSpec, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { jsonFields } from "../adapters/small-spec.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { floats, readTensors, relative } from "./peft-kinds-cases.ts";

const fixture = "test/fixtures/peft-prompt";
const tensors = readTensors(`${fixture}/tensors.safetensors`);
const adapter = readTensors(`${fixture}/adapter/adapter_model.safetensors`);

const text = `import "std/bert"
import "std/prompt"

function weighted(values) {
  return mean(values * values * reshape(0.5 + cast(iota(16), f32) / 15, [1, 1, 16]))
}

model small {
  encoder text = bert(vocab = 30, dim = 16, layers = 2, heads = 2, ff = 24, positions = 12, length = 7, pooler = false) named "*"
  let hidden = text.hidden
  freeze text
  prompt(tokens = 4) on text.embeddings
  loss weighted(hidden)
  expect trainable = 64
}

train {
  batch = 3
  optimizer = sgd(lr = 0.1)
}
`;

let folder = "";
beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-peft-prompt-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function given(name: string): StoredTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the fixture has ${name}`);
  return found;
}

test.each(["evaluator", "tensorflow", "onnx"] as const)(
  "a prompt before BERT gives PEFT's hidden states and gradient on %s",
  async (name) => {
    const path = "specs/prompt.vlm";
    const { spec, plan, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), {
      precision: "f32",
    });
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    const backend = backendNamed(name);
    if (spec === null || plan === null || backend === null || backend.load().kind !== "ready")
      throw new Error("the spec compiles, and the backend is there");
    const values = new Map<string, Float32Array>();
    for (const { path: at, checkpoint, shape } of [...plan.parameters, ...plan.buffers]) {
      const found = adapter.get(checkpoint) ?? given(`bert.${checkpoint}`);
      expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
      values.set(at, floats(found));
    }
    const tokens = ["input_ids", "attention_mask"].map((input) => {
      const { shape } = given(input);
      return [input, { type: { dtype: "i32", shape }, data: floats(given(input)) }] as const;
    });
    const run = async (program: "forward" | "step", inputs: ReadonlyMap<string, TensorData>) => {
      const built = buildProgram(spec, program, program === "forward" ? ["hidden"] : []);
      if (built === null) throw new Error("the model has a loss");
      const model = modelOf(spec, [backend.optimise(built, spec)]);
      const piecesOf = (at: string): Iterable<Float32Array> => [values.get(at) ?? new Float32Array()];
      return await runOnce(backend, model, { inputs, piecesOf, state: new Map() });
    };
    const forward = await run("forward", new Map<string, TensorData>(tokens));
    expect(relative(forward.get("hidden")?.data, given("output"))).toBeLessThan(1e-5);
    const step = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) } as const;
    const found = await run("step", new Map<string, TensorData>([...tokens, ["step", step]]));
    expect(relative(found.get("gradient:text.embeddings.prompt.prompts")?.data, given("grad"))).toBeLessThan(1e-4);
  },
);

test("PEFT's file of a prompt is read, and written as PEFT wrote it", () => {
  const [spec, weights, out] = [join(folder, "prompt.vlm"), join(folder, "bert.safetensors"), join(folder, "again")];
  writeFileSync(spec, text);
  const own = [...tensors].flatMap(([key, each]) =>
    key.startsWith("bert.") ? [[key.slice(5), { shape: each.shape, data: floats(each) }] as const] : [],
  );
  writeFileSync(weights, writeSafetensors(new Map(own)));
  const from = ["--weights", weights, "--adapter", join(fixture, "adapter")];
  const run = medctc(["export", spec, "--peft", out, ...from]);
  expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
  const written = readTensors(join(out, "adapter_model.safetensors"));
  expect([...written.keys()]).toEqual(["prompt_embeddings"]);
  for (const [key, each] of adapter)
    expect([...elementsOf(written.get(key) ?? given(key))]).toEqual([...elementsOf(each)]);
  const [config, theirs] = [out, join(fixture, "adapter")].map((each) =>
    jsonFields(readFileSync(join(each, "adapter_config.json"), "utf8")),
  );
  for (const key of Object.keys(config ?? {})) expect([key, config?.[key]]).toEqual([key, theirs?.[key] ?? null]);
});
