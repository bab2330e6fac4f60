import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildStep, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

/** The networks of `make.py` in the language, with everything trained. */
const networks = {
  flat: `
import "std/resnet"

module network() {
  part conv1 = conv2d(4, [7, 7], 3, stride = 2, padding = 3, bias = false)
  part bn1 = batch_norm(4)
  part basic = basic_block(6, 4, stride = 2)
  part deep = bottleneck(2, 6, groups = 2, inner = 4)
  part fc = linear(3, 8)

  forward(image: f32[batch, 3, 32, 32]) {
    let stem = rearrange(image, "b c h w -> b h w c") |> conv1 |> bn1 |> relu |> max_pool(3, stride = 2, padding = 1)
    let logits = stem |> basic |> deep |> mean(axis = [1, 2]) |> fc
    return logits
  }
}`,
  deep: `
import "std/resnet3d"

module network() {
  part conv1 = conv3d(4, [3, 5, 5], 1, stride = [1, 2, 2], padding = [1, 2, 2], bias = false)
  part bn1 = batch_norm(4)
  part basic = basic_block3d(6, 4, stride = 2)
  part deep = bottleneck3d(2, 6)
  part fc = linear(3, 8)

  forward(image: f32[batch, 1, 12, 24, 20]) {
    let stem = rearrange(image, "b c t h w -> b t h w c") |> conv1 |> bn1 |> relu |> max_pool(3, stride = 2, padding = 1)
    let logits = stem |> basic |> deep |> mean(axis = [1, 2, 3]) |> fc
    return logits
  }
}`,
};

const imports = `
import "std/activations"
import "std/batch_norm"
import "std/bce"
import "std/conv"
import "std/linear"`;

const model = `
model small {
  input labels: f32[batch, 3] = table(columns = ["a", "b", "c"])
  encoder vision = network() named "encoder"
  let logits = vision.logits
  loss bce(logits, labels)
}

train { batch = 2 }
`;

const path = "test/fixtures/resnet-small/tensors.safetensors";
const tensors = readSafetensors(path, readFileSync(path));

test.each(["flat", "deep"] as const)(
  "the loss and every gradient of the network %s are torchvision's within 1e-5",
  (name) => {
    const stored = (kind: "given" | "expected", key: string) => tensors.get(`${name}.${kind}.${key}`);
    const given = (key: string, shape: readonly number[]): TensorData => {
      const found = stored("given", key);
      if (found === undefined) throw new Error(`the fixture has ${key}`);
      return { type: { dtype: "f32", shape }, data: Float32Array.from(elementsOf(found)) };
    };
    const { plan, spec, diagnostics } = compileSpec(
      createSource("specs/small.vlm", imports + networks[name] + model),
      new SpecLibrary("specs/std", "specs/small.vlm"),
    );
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([]);
    const step = spec === null ? null : buildStep(spec);
    if (plan === null || spec === null || step === null) throw new Error("the spec compiles");
    const parameters = new Map<string, TensorData>();
    for (const { path: at, checkpoint, shape } of [...plan.parameters, ...plan.buffers]) {
      const values = given(checkpoint, shape);
      parameters.set(at, values);
      const zeros = { ...values, data: new Float32Array(values.data.length) };
      for (const slot of ["mean", "square"]) parameters.set(`${slot}:${at}`, zeros);
    }
    const inputs = new Map<string, TensorData>([
      ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
      ["image", given("image", stored("given", "image")?.shape ?? [])],
      ["labels", given("labels", [2, 3])],
    ]);
    const results = runProgram(optimise(step, spec), { inputs, parameters }, "f32");
    const wanted = [
      ["loss", "loss"],
      ...plan.parameters.map(({ path: at, checkpoint }) => [`gradient:${at}`, `grad.${checkpoint}`]),
    ];
    const errors = wanted.map(([ours = "", theirs = ""]) => {
      const found = stored("expected", theirs);
      const expected = found === undefined ? [] : [...elementsOf(found)];
      const largest = Math.max(...expected.map(Math.abs));
      const error = expected.map((value, place) => Math.abs(value - (results.get(ours)?.data[place] ?? Number.NaN)));
      return [theirs, Math.max(...error) / largest < 1e-5];
    });
    expect(errors).toEqual(wanted.map(([, theirs]) => [theirs, true]));
  },
);
