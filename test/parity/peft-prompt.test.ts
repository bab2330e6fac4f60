import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import { jsonFields } from "../adapters/small-spec.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { fixtureIn, floats, readTensors, relative, tensorOf, writeTensors } from "./peft-fixture.ts";
import { backends, compileSmall, computedBy, inputOf } from "./peft-run.ts";

const fixture = "test/fixtures/peft-prompt";
const below = fixtureIn(fixture);
const tensors = below("");
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

test.each(backends)("a prompt before BERT gives PEFT's hidden states and gradient on %s", async (backend) => {
  const compiled = compileSmall("prompt", text);
  const { plan } = compiled;
  const values = new Map<string, Float32Array>();
  for (const { path: at, checkpoint, shape } of [...plan.parameters, ...plan.buffers]) {
    const found = adapter.get(checkpoint) ?? tensorOf(tensors, `bert.${checkpoint}`);
    expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
    values.set(at, floats(found));
  }
  const inputs = ["input_ids", "attention_mask"].map(
    (name) => [name, inputOf(tensorOf(tensors, name), "i32")] as const,
  );
  const found = await computedBy(backend, compiled, values, new Map(inputs), ["hidden"]);
  expect(relative(found.outputs.get("hidden"), tensorOf(tensors, "output"))).toBeLessThan(1e-5);
  expect([...found.gradients.keys()]).toEqual(["prompt_embeddings"]);
  expect(relative(found.gradients.get("prompt_embeddings"), tensorOf(tensors, "grad"))).toBeLessThan(1e-4);
});

test("PEFT's file of a prompt is read, and written as PEFT wrote it", () => {
  const [spec, weights, out] = [join(folder, "prompt.vlm"), join(folder, "bert.safetensors"), join(folder, "again")];
  writeFileSync(spec, text);
  writeTensors(weights, below("bert."));
  const from = ["--weights", weights, "--adapter", join(fixture, "adapter")];
  const run = medctc(["export", spec, "--peft", out, ...from]);
  expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
  const written = readTensors(join(out, "adapter_model.safetensors"));
  expect([...written.keys()]).toEqual(["prompt_embeddings"]);
  for (const [key, each] of adapter) expect([...elementsOf(tensorOf(written, key))]).toEqual([...elementsOf(each)]);
  const [config, theirs] = [out, join(fixture, "adapter")].map((each) =>
    jsonFields(readFileSync(join(each, "adapter_config.json"), "utf8")),
  );
  for (const key of Object.keys(config ?? {})) expect([key, config?.[key]]).toEqual([key, theirs?.[key] ?? null]);
});
