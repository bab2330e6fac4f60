import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildStep, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";

/** CLIP at the sizes of the fixture, which open_clip's own code ran, with everything trained. */
const spec = `
import "std/clip_text"
import "std/contrastive"
import "std/heads"
import "std/vit"

model clip_small {
  encoder vision = vit(size = 32, patch = 8, dim = 48, layers = 2, heads = 4, outputs = 24) named "visual"
  encoder text = clip_text(vocab = 120, dim = 40, layers = 2, heads = 5, length = 12, outputs = 24) named "*"

  let image = vision.latent |> l2_normalize
  let caption = text.latent |> l2_normalize
  param logit_scale: f32[] = constant(log(1 / 0.07))

  loss contrastive(image, caption, scale = exp(logit_scale))
  expect total = 113_729
}

train { batch = 3 }
`;

function tensors(name: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(name, readFileSync(`test/fixtures/clip-small/${name}`));
}

const expected = tensors("expected.safetensors");
const results = new Map<string, ArrayLike<number>>();

beforeAll(() => {
  const weights = tensors("weights.safetensors");
  const batch = tensors("batch.safetensors");
  const compiled = compileSpec(
    createSource("specs/clip-small.vlm", spec),
    new SpecLibrary("specs/std", "specs/clip-small.vlm"),
  );
  expect(compiled.diagnostics).toEqual([]);
  if (compiled.plan === null || compiled.spec === null) throw new Error("the spec compiles");
  const step = buildStep(compiled.spec);
  if (step === null) throw new Error("the spec has a loss");
  const program = optimise(step, compiled.spec);
  const parameters = new Map<string, TensorData>();
  const checkpoints = new Map<string, string>();
  for (const { path, checkpoint, shape } of compiled.plan.parameters) {
    const stored = weights.get(checkpoint);
    if (stored === undefined) throw new Error(`the fixture has ${checkpoint}`);
    checkpoints.set(path, checkpoint);
    for (const name of ["mean", "square"]) {
      const count = shape.reduce((product, size) => product * size, 1);
      parameters.set(`${name}:${path}`, { type: { dtype: "f32", shape }, data: new Float32Array(count) });
    }
    parameters.set(path, { type: { dtype: "f32", shape }, data: Float32Array.from(elementsOf(stored)) });
  }
  const inputs = new Map<string, TensorData>([
    ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
  ]);
  for (const [name, stored] of batch) {
    const dtype = stored.dtype === "I64" ? "i32" : "f32";
    inputs.set(name, { type: { dtype, shape: stored.shape }, data: Float32Array.from(elementsOf(stored)) });
  }
  for (const [name, { data }] of runProgram(program, { inputs, parameters }, "f32")) {
    const path = name.slice(name.indexOf(":") + 1);
    results.set(name.startsWith("gradient:") ? `grad.${checkpoints.get(path) ?? path}` : name, data);
  }
});

test.each([...expected.keys()].filter((name) => name === "loss" || name.startsWith("grad.")))(
  "%s is open_clip's within 1e-4",
  (name) => {
    const stored = expected.get(name);
    const found = results.get(name);
    if (stored === undefined || found === undefined) throw new Error(`${name} is computed`);
    let error = 0;
    let largest = 0;
    for (const [place, value] of elementsOf(stored).entries()) {
      error = Math.max(error, Math.abs(value - (found[place] ?? Number.NaN)));
      largest = Math.max(largest, Math.abs(value));
    }
    expect(error / largest).toBeLessThan(1e-4);
  },
);
