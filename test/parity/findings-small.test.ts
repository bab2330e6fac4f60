import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { buildForward, buildStep, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";

const findings = ["a", "b", "c", "d", "e"];

/** The head of `make.py` on open_clip's vision transformer, with everything trained. */
function specOf(loss: string): string {
  return `
import "std/activations"
import "std/bce"
import "std/heads"
import "std/linear"
import "std/vit"

model findings_small {
  input labels: f32[batch, 5] = table(columns = ${JSON.stringify(findings)})
  input known: f32[batch, 5] = known(labels)
  input weight: f32[5] = balance(labels)
  encoder vision = vit(size = 32, patch = 8, dim = 48, layers = 2, heads = 4, outputs = 24) named "visual"
  let logits = vision.latent |> relu |> linear(5) named "head"
  loss ${loss}
}

train { batch = 3 }
`;
}

function tensors(path: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(path, readFileSync(`test/fixtures/${path}`));
}

const given = new Map([...tensors("clip-small/weights.safetensors"), ...tensors("findings-small/given.safetensors")]);
const expected = tensors("findings-small/expected.safetensors");

function compiled(loss: string) {
  const path = "specs/findings-small.vlm";
  const found = compileSpec(createSource(path, specOf(loss)), new SpecLibrary("specs/std", path));
  expect(found.diagnostics).toEqual([]);
  if (found.plan === null || found.spec === null) throw new Error("the spec compiles");
  return { plan: found.plan, spec: found.spec };
}

function given32(name: string, shape: readonly number[]): TensorData {
  const stored = given.get(name);
  if (stored === undefined) throw new Error(`the fixture has ${name}`);
  return { type: { dtype: "f32", shape }, data: Float32Array.from(elementsOf(stored)) };
}

const step: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) };
const inputs = new Map<string, TensorData>([
  ["step", step],
  ["image", given32("image", [3, 3, 32, 32])],
  ["labels", given32("labels", [3, 5])],
  ["known", given32("known", [3, 5])],
  ["weight", given32("weight", [5])],
]);
const results = new Map<string, ArrayLike<number>>();

beforeAll(() => {
  const { plan, spec } = compiled("bce(logits, labels, positive_weight = weight, known = known)");
  const parameters = new Map<string, TensorData>();
  const checkpoints = new Map<string, string>();
  for (const { path, checkpoint, shape } of plan.parameters) {
    checkpoints.set(path, checkpoint);
    const values = given32(checkpoint, shape);
    parameters.set(path, values);
    for (const name of ["mean", "square"]) {
      parameters.set(`${name}:${path}`, { ...values, data: new Float32Array(values.data.length) });
    }
  }
  const trained = buildStep(spec);
  if (trained === null) throw new Error("the spec has a loss");
  for (const [name, { data }] of runProgram(optimise(trained, spec), { inputs, parameters }, "f32")) {
    const path = name.slice(name.indexOf(":") + 1);
    results.set(name.startsWith("gradient:") ? `grad.${checkpoints.get(path) ?? path}` : name, data);
  }
  const plain = compiled("bce(logits, labels)").spec;
  const forward = runProgram(optimise(buildForward(plain, []), plain), { inputs, parameters }, "f32");
  results.set("logits", forward.get("logits")?.data ?? []);
  results.set("loss_unweighted", forward.get("loss")?.data ?? []);
});

test.each([...expected.keys()])("%s is PyTorch's within 1e-5", (name) => {
  const stored = expected.get(name);
  const found = results.get(name);
  if (stored === undefined || found === undefined) throw new Error(`${name} is computed`);
  let error = 0;
  let largest = 0;
  for (const [place, value] of elementsOf(stored).entries()) {
    error = Math.max(error, Math.abs(value - (found[place] ?? Number.NaN)));
    largest = Math.max(largest, Math.abs(value));
  }
  expect(error / largest).toBeLessThan(1e-5);
});
