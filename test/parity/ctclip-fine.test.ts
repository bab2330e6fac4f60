import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildForward, buildStep, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";
import { fixture } from "./ctclip-fixture.ts";

const vision = `
  encoder vision = ctvit(
    volume = [20, 60, 60], patch = [10, 20, 20], dim = 32, heads = 4, dim_head = 8,
    spatial_depth = 2, temporal_depth = 2, codebook = 64
  ) named "visual_transformer"
  let image = vision.tokens |> mean(axis = time) |> flatten |> linear(16, bias = false) |> l2_normalize
    named "to_visual_latent"
  part image_extra = linear(16, inputs = 288, bias = false) named "to_visual_latent_extra"`;

/** The specs at the sizes of the fixture: everything else, the loss too, is theirs. ClassFine's dropout is left out, as there. */
const specs = {
  classfine: `
import "./ctclip/classfine"
model small amends classfine {${vision}
  let findings = image |> relu |> linear(18) named "classifier"
  expect trainable = 16 * 18 + 18
}
train amends {
  batch = 3
  precision = "f32"
  remove micro_batch
}
`,
  vocabfine: `
import "./ctclip/vocabfine"
model small amends vocabfine {${vision}
  input prompt_ids: i32[36, 12] = prompts()
  input prompt_mask: i32[36, 12] = mask(prompt_ids)
  encoder text = bert(
    vocab = 200, dim = 32, layers = 2, heads = 4, ff = 64, positions = 24, length = 12,
    input_ids = prompt_ids, attention_mask = prompt_mask
  ) named "text_transformer"
  let report = text.hidden |> cls |> linear(16, bias = false) |> l2_normalize named "to_text_latent"
  part report_extra = linear(16, inputs = 32, bias = false) named "to_text_latent_extra"
  expect trainable > 0
}
train amends {
  batch = 3
  precision = "f32"
}
`,
};

function tensors(name: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(name, readFileSync(`test/fixtures/ctclip-fine/${name}`));
}

const given = new Map([
  ...fixture("weights.safetensors"),
  ...fixture("batch.safetensors"),
  ...tensors("given.safetensors"),
]);
const expected = tensors("expected.safetensors");

function givenAs(name: string, shape: readonly number[], dtype: "f32" | "i32"): TensorData {
  const stored = given.get(name);
  // CT-CLIP's own has no rows.
  const data = stored === undefined && name.endsWith("null_kv") ? [] : stored === undefined ? null : elementsOf(stored);
  if (data === null) throw new Error(`the fixture has ${name}`);
  return { type: { dtype, shape }, data: Float32Array.from(data) };
}

/** What a step gives: values, and gradients by names in checkpoints. */
function run(text: string): ReadonlyMap<string, ArrayLike<number>> {
  const path = "specs/small.vlm";
  const { diagnostics, plan, spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  if (plan === null || spec === null) throw new Error("the spec compiles");
  const trained = buildStep(spec);
  if (trained === null) throw new Error("the spec has a loss");
  const parameters = new Map(
    [...plan.parameters, ...plan.buffers].map(({ path: own, checkpoint, shape }) => [
      own,
      givenAs(checkpoint, shape, "f32"),
    ]),
  );
  for (const [own, value] of [...parameters]) {
    for (const slot of ["mean", "square"])
      parameters.set(`${slot}:${own}`, { ...value, data: new Float32Array(value.data.length) });
  }
  const inputs = new Map<string, TensorData>([
    ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
    ["image", givenAs("image", [3, 1, 20, 60, 60], "f32")],
    ["labels", givenAs("labels", [3, 18], "f32")],
    ["weights", givenAs("weights", [18], "f32")],
    ["prompt_ids", givenAs("prompt_ids", [36, 12], "i32")],
    ["prompt_mask", givenAs("prompt_mask", [36, 12], "i32")],
  ]);
  const checkpoints = new Map(plan.parameters.map(({ path: own, checkpoint }) => [own, checkpoint]));
  const results = new Map<string, ArrayLike<number>>();
  for (const program of [optimise(buildForward(spec, []), spec), optimise(trained, spec)]) {
    for (const [name, { data }] of runProgram(program, { inputs, parameters }, "f64")) {
      const own = name.slice(name.indexOf(":") + 1);
      results.set(name.startsWith("gradient:") ? `grad.${checkpoints.get(own) ?? own}` : name, data);
    }
  }
  return results;
}

describe.each(Object.entries(specs))("%s", (name, text) => {
  test("its loss and its gradients are those of CT-CLIP's script", () => {
    const results = run(text);
    const wanted = [...expected].filter(([key]) => key.startsWith(`${name}.`));
    const differences = wanted.map(([key, stored]) => {
      const found = results.get(key.slice(name.length + 1));
      if (found === undefined) throw new Error(`${key} is computed`);
      let error = 0;
      let largest = 0;
      for (const [place, value] of elementsOf(stored).entries()) {
        error = Math.max(error, Math.abs(value - (found[place] ?? Number.NaN)));
        largest = Math.max(largest, Math.abs(value));
      }
      return [key, error / largest] as const;
    });
    expect(differences.filter(([, difference]) => !(difference < 1e-6))).toEqual([]);
    expect(differences.length).toBe(name === "classfine" ? 4 : wanted.length);
    const losses = differences.filter(([key]) => key.endsWith(".loss"));
    expect(losses).toHaveLength(1);
    for (const [, difference] of losses) expect(difference).toBeLessThan(1e-6);
  });
});
