import { expect, test } from "vitest";
import { buildForward, compileSpec, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function compiled(value: string) {
  const text = `
import "std/bce"
module windows() {
  forward(image: f32[batch, 5, 4, 2]) {
    let value = ${value}
    let logits = mean(value, axis = [1, 2])
    return logits
  }
}
model small {
  input labels: f32[batch, 2] = table(columns = ["a", "b"])
  encoder vision = windows()
  let logits = vision.logits
  loss bce(logits, labels)
}
train { batch = 1 }
`;
  return compileSpec(createSource("small.vlm", text), new SpecLibrary("specs/std", "small.vlm"));
}

function evaluated(value: string): TensorData | undefined {
  const { spec, diagnostics } = compiled(value);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  const ones = (...shape: number[]): TensorData => ({
    type: { dtype: "f32", shape },
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1),
  });
  const inputs = new Map([
    ["image", ones(1, 5, 4, 2)],
    ["labels", ones(1, 2)],
  ]);
  return runProgram(buildForward(spec, ["vision.value"]), { inputs, parameters: new Map() }, "f32").get("vision.value");
}

test.each<[value: string, shape: readonly number[]]>([
  ["conv(image, ones([2, 2, 3, 2]))", [1, 3, 3, 2]],
  ["conv(image, ones([2, 2, 3, 2]), 2, 1)", [1, 3, 3, 2]],
  ["conv(image, ones([2, 2, 3, 2]), stride = [2, 1], padding = [1, 0])", [1, 3, 3, 2]],
  ["conv(image, ones([2, 2, 3, 2]), padding = [[2, 0], [0, 1]])", [1, 5, 4, 2]],
  ['conv(image, ones([2, 2, 3, 2]), padding = "same", dilation = [1, 2])', [1, 5, 4, 2]],
  ["conv(image, ones([2, 1, 3, 2]), groups = 2)", [1, 3, 3, 2]],
  ["conv_transpose(image, ones([2, 2, 3, 3]), stride = 2, padding = 1, output_padding = [1, 0])", [1, 10, 7, 2]],
  ["max_pool(image, 2)", [1, 2, 2, 2]],
  ["max_pool(image, [3, 2], stride = 1, padding = [1, 0])", [1, 5, 3, 2]],
  ["avg_pool(image, 2, 1)", [1, 4, 3, 2]],
])("%s is of the shape %j", (value, shape) => {
  expect(evaluated(value)?.type.shape).toEqual(shape);
});

test("a mean counts padding as zeros unless it is told not to", () => {
  const corner = (options: string) => evaluated(`avg_pool(image, 2, padding = 1${options})`)?.data[0];
  expect(corner("")).toBe(1 / 4);
  expect(corner(", count_include_pad = true")).toBe(1 / 4);
  expect(corner(", count_include_pad = false")).toBe(1);
});

test("a padding of `same` is refused for a stride", () => {
  const { diagnostics } = compiled('conv(image, ones([2, 2, 3, 2]), 2, "same")');
  expect(diagnostics.map(({ message }) => message)).toEqual(["`conv`: padding is `same` for a stride of 1 only"]);
});
