import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  buildProgram,
  buildStep,
  type Compiled,
  compileSpec,
  firstValuesOf,
  optimise,
  runProgram,
  type TensorData,
  whyNoProgram,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, joined, readSafetensors } from "../../runtime/weights/index.ts";

function compiled(text: string): Compiled & { readonly spec: NonNullable<Compiled["spec"]> } {
  const result = compileSpec(createSource("specs/m.vlm", text), new SpecLibrary("specs/std", "specs/m.vlm"));
  expect(result.diagnostics.map(({ message }) => message)).toEqual([]);
  if (result.spec === null) throw new Error("the spec compiles");
  return { ...result, spec: result.spec };
}

/** A model around a module of two linear layers, with what else it declares, and placements. */
function modelWith(declarations: string, members: string): string {
  return `
import "std/linear"
${declarations}
module pair(inputs: int, outputs: int) {
  part first = linear(outputs, inputs)
  part second = linear(outputs, outputs)

  forward(x: f32[batch, inputs], c: f32[batch, outputs]) {
    let y = second(first(x))
    let score = sum(y * c)
    return y
  }
}

model m {
  encoder e = pair(3, 2)
  ${members}
  loss e.score
}

train { batch = 2 }
`;
}

function valuesOf(text: string, given: ReadonlyMap<string, readonly number[]> = new Map()) {
  const { spec } = compiled(text);
  const pieces = firstValuesOf(spec.parameters, 1, (path) => {
    const values = given.get(path);
    return values === undefined ? null : [Float32Array.from(values)];
  });
  return (path: string): readonly number[] => [...pieces(path)].flatMap((piece) => [...piece]);
}

describe("first values that are computed", () => {
  const adapter = `
adapter lengths(factor: float) wraps base: linear {
  param squares: f32[base.outputs] = factor * sum(base.weight * base.weight, axis = 1)
  param lengths: f32[base.outputs] = sqrt(squares)
  buffer copy: bf16[base.outputs] = lengths

  forward(x: f32[..., base.inputs]) {
    return base(x) * lengths + squares
  }
}
`;
  const spec = modelWith(adapter, "freeze e\n  lengths(factor = 4) on e.first");

  test("follow from the weights that are given, and from each other", () => {
    const weight = [3, 4, 0, 1, 0, 0];
    const values = valuesOf(spec, new Map([["e.first.weight", weight]]));
    expect(values("e.first.weight")).toEqual(weight);
    expect(values("e.first.lengths.squares")).toEqual([100, 4]);
    expect(values("e.first.lengths.lengths")).toEqual([10, 2]);
    // A value that is given takes the place of what would be computed.
    const trained = new Map([
      ["e.first.weight", weight],
      ["e.first.lengths.squares", [9, 16]],
    ]);
    expect(valuesOf(spec, trained)("e.first.lengths.lengths")).toEqual([3, 4]);
  });

  test("follow from random weights where none are given, and are rounded to their type", () => {
    const values = valuesOf(spec);
    const weight = values("e.first.weight");
    const squares = [0, 3].map((from) => weight.slice(from, from + 3).reduce((sum, each) => sum + 4 * each * each, 0));
    for (const [row, value] of values("e.first.lengths.squares").entries())
      expect(value).toBeCloseTo(squares[row] ?? 0, 6);
    const [copy = Number.NaN] = values("e.first.lengths.copy");
    expect(new Uint32Array(Float32Array.of(copy).buffer)[0]).toBe(
      ((new Uint32Array(Float32Array.of(copy).buffer)[0] ?? 0) >>> 16) * 2 ** 16,
    );
  });

  test("stand in the plan as they are written", () => {
    const { plan } = compiled(spec);
    const initial = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
    expect(initial.get("e.first.lengths.lengths")?.initial).toBe("sqrt(squares)");
    expect(initial.get("e.first.lengths.copy")).toMatchObject({ initial: "lengths", ofAdapter: true });
  });

  test("of the model follow from encoders before it", () => {
    const text = modelWith(
      "",
      "param centre: f32[] = mean(e.first.weight)\n  let shifted = centre * e.y\n  loss sum(shifted)",
    );
    const values = valuesOf(text, new Map([["e.first.weight", [1, 2, 3, 4, 5, 9]]]));
    expect(values("centre")).toEqual([4]);
  });

  test("leave a model without the program `init`", () => {
    const { spec: traced } = compiled(spec);
    expect(buildProgram(traced, "init")).toBeNull();
    expect(whyNoProgram(traced, "init")).toBe("the first value of `e.first.lengths.squares` is computed");
  });
});

const path = "test/fixtures/adapters/tensors.safetensors";
const stored = readSafetensors(path, readFileSync(path));

function tensor(name: string): TensorData {
  const found = stored.get(name);
  if (found === undefined) throw new Error(`the fixture has ${name}`);
  return { type: { dtype: "f32", shape: found.shape }, data: Float32Array.from(elementsOf(found)) };
}

function expectClose(found: TensorData | undefined, name: string): void {
  const expected = tensor(name);
  expect(found?.type.shape, name).toEqual(expected.type.shape);
  const largest = Math.max(...expected.data.map(Math.abs));
  for (const [place, value] of expected.data.entries())
    expect(Math.abs((found?.data[place] ?? Number.NaN) - value) / largest, `${name}[${place}]`).toBeLessThan(1e-5);
}

/** The outputs of the step and the gradients of a model, by name. */
function stepOf(text: string, given: ReadonlyMap<string, TensorData>, inputs: ReadonlyMap<string, TensorData>) {
  const { spec, plan } = compiled(text);
  const step = buildStep(spec);
  if (step === null || plan === null) throw new Error("the model has a loss");
  const pieces = firstValuesOf(spec.parameters, 0, (each) => {
    const data = given.get(each)?.data;
    return data === undefined ? null : [Float32Array.from(data)];
  });
  const parameters = new Map(
    spec.parameters.flatMap(({ path: each, type }): readonly (readonly [string, TensorData])[] => {
      const count = type.shape.reduce((product, size) => product * size, 1);
      const slots = ["mean", "square"].map(
        (slot) => [`${slot}:${each}`, { type, data: new Float32Array(count) }] as const,
      );
      return [[each, { type, data: joined(pieces(each), count) }], ...slots];
    }),
  );
  const program = optimise(step, spec);
  const number = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) } as const;
  const values = runProgram(program, { inputs: new Map([...inputs, ["step", number]]), parameters }, "f32");
  const forward = buildProgram(spec, "forward", ["e.y"]);
  if (forward === null) throw new Error("every model has the program forward");
  const found = runProgram(optimise(forward, spec), { inputs, parameters }, "f32");
  return { parameters, values: new Map([...values, ...found]) };
}

describe("PiSSA", () => {
  const text = `
import "std/linear"
import "std/pissa"

module projection(outputs: int, inputs: int) {
  part up = linear(outputs, inputs)

  forward(x: f32[batch, inputs], c: f32[batch, outputs]) {
    let y = up(x)
    let score = sum(y * c)
    return y
  }
}

model m {
  encoder e = projection(6, 9)
  freeze e
  pissa(rank = 2, alpha = 5) on e.up
  loss e.score
}

train { batch = 3 }
`;
  const weights = new Map([
    ["e.up.weight", tensor("pissa.weight")],
    ["e.up.bias", tensor("pissa.bias")],
  ]);
  const inputs = new Map([
    ["x", tensor("pissa.x")],
    ["c", tensor("pissa.c")],
  ]);

  test("starts as the pretrained model, with PEFT's factors", () => {
    const { parameters, values } = stepOf(text, weights, inputs);
    expectClose(values.get("e.y"), "pissa.start");
    expectClose(parameters.get("e.up.pissa.down"), "pissa.down");
    expectClose(parameters.get("e.up.pissa.up"), "pissa.up");
  });

  test("has PEFT's output and gradients when its factors have changed", () => {
    const changed = new Map(weights);
    for (const name of ["down", "up"]) {
      const [first, change] = [tensor(`pissa.${name}`), tensor(`pissa.${name}_change`)];
      const data = first.data.map((value, place) => value + (change.data[place] ?? Number.NaN));
      changed.set(`e.up.pissa.${name}`, { ...first, data });
    }
    const { values } = stepOf(text, changed, inputs);
    expectClose(values.get("e.y"), "pissa.y");
    expectClose(values.get("gradient:e.up.pissa.down"), "pissa.down_grad");
    expectClose(values.get("gradient:e.up.pissa.up"), "pissa.up_grad");
  });
});
