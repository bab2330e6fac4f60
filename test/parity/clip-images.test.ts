import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildForward, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { findDataInputs } from "../../runtime/data/data-inputs.ts";
import { loadImage } from "../../runtime/data/load-image.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

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
  let logits = exp(logit_scale) * matmul(image, caption, transpose_b = true)
  loss contrastive(image, caption, scale = exp(logit_scale))
}

train { batch = 3 }
`;

function tensors(path: string) {
  return readSafetensors(path, readFileSync(`test/fixtures/${path}`));
}

test("files of pictures have open_clip's logits: its transform, its encoders, its scale", async () => {
  const path = "specs/clip-small.vlm";
  const { plan, spec: traced } = compileSpec(createSource(path, spec), new SpecLibrary("specs/std", path));
  if (plan === null || traced === null) throw new Error("the spec compiles");
  const found = findDataInputs(traced);
  if (found.kind === "failed") throw new Error(found.problem.message);
  const input = found.value.inputs.find(({ kind }) => kind === "image");
  if (input?.kind !== "image") throw new Error("the model takes images");

  // The pictures are those of make.py.
  const pictures: number[] = [];
  for (const name of ["rgb.jpg", "palette.png", "tall.png"]) {
    const loaded = await loadImage({ path: `test/fixtures/open-clip/images/${name}` }, input.settings);
    if (loaded.kind === "failed") throw new Error(loaded.problem.message);
    pictures.push(...loaded.value);
  }
  const weights = tensors("clip-small/weights.safetensors");
  const ids = tensors("clip-small/batch.safetensors").get("input_ids");
  if (ids === undefined) throw new Error("the fixture has texts");
  const parameters = new Map<string, TensorData>();
  for (const { path: parameter, checkpoint, shape } of plan.parameters) {
    const stored = weights.get(checkpoint);
    if (stored === undefined) throw new Error(`the fixture has ${checkpoint}`);
    parameters.set(parameter, { type: { dtype: "f32", shape }, data: Float32Array.from(elementsOf(stored)) });
  }
  const inputs = new Map<string, TensorData>([
    ["image", { type: { dtype: "f32", shape: [3, ...input.shape] }, data: Float32Array.from(pictures) }],
    ["input_ids", { type: { dtype: "i32", shape: [3, 12] }, data: Float32Array.from(elementsOf(ids)) }],
  ]);
  const results = runProgram(optimise(buildForward(traced, []), traced), { inputs, parameters }, "f32");
  for (const [name, stored] of tensors("clip-images/expected.safetensors")) {
    const values = results.get(name)?.data ?? [];
    const differences = [...elementsOf(stored)].map((value, place) => Math.abs(value - (values[place] ?? Number.NaN)));
    expect(Math.max(...differences), name).toBeLessThan(name === "logits" ? 1e-4 : 1e-5);
  }
});
