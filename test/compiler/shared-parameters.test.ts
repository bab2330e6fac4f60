import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  buildStep,
  compileSpec,
  firstValuesOf,
  optimise,
  type Plan,
  runProgram,
  type TensorData,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, joined, readSafetensors } from "../../runtime/weights/index.ts";

const adapter = `
import "std/linear"
import "std/vera"

adapter mixed(rank: int, bound: float = 1) wraps base: linear {
  shared param down: f32[rank, base.inputs] = uniform(bound)
  param up: f32[base.outputs, rank] = zeros

  forward(x: f32[..., base.inputs]) {
    return base(x) + matmul(matmul(x, down, transpose_b = true), up, transpose_b = true)
  }
}

module pair(dim: int, outputs: int) {
  part first = linear(dim, dim)
  part second = linear(outputs, dim)

  forward(x: f32[batch, dim], c: f32[batch, outputs]) {
    let y = second(first(x))
    let score = sum(y * c)
    return y
  }
}
`;

function compiled(members: string, sizes = "9, 9") {
  const text = `${adapter}
model m {
  encoder e = pair(${sizes})
  freeze e
  ${members}
  loss e.score
}

train { batch = 3 }
`;
  const { spec, plan, diagnostics } = compileSpec(
    createSource("specs/m.vlm", text),
    new SpecLibrary("specs/std", "specs/m.vlm"),
  );
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  if (spec === null || plan === null) throw new Error("the spec compiles");
  return { spec, plan };
}

function sharedIn({ parameters, buffers }: Plan): readonly (readonly [string, string, string])[] {
  return [...parameters, ...buffers].flatMap(({ path, checkpoint, shape }) =>
    path.startsWith("shared.") ? [[path, checkpoint, shape.join()] as const] : [],
  );
}

describe("shared parameters of an adapter", () => {
  test("are one for placements of one type, and count once", () => {
    const { plan } = compiled("mixed(rank = 2) on e.first, e.second");
    expect(sharedIn(plan)).toEqual([["shared.mixed.down", "mixed.down", "2,9"]]);
    // 2 x 9 for both, and 9 x 2 for each.
    expect(plan.totals).toMatchObject({ trainable: 18 + 36, base: 180, total: 180 + 54 });
    expect(plan.cost.adapterBytes).toBe(4 * 54);
  });

  test("are others for another type or another first value", () => {
    const { plan } = compiled(
      "mixed(rank = 2) on e.first\n  mixed(rank = 3) on e.second\n  mixed(rank = 2, bound = 2) also on e.second",
    );
    expect(sharedIn(plan)).toEqual([
      ["shared.mixed.down", "mixed.down", "2,9"],
      ["shared.mixed.down[1]", "mixed.down.1", "3,9"],
      ["shared.mixed.down[2]", "mixed.down.2", "2,9"],
    ]);
    const sizes = compiled("vera(rank = 2) on e.first, e.second", "9, 4");
    expect(sharedIn(sizes.plan).map(([, name, shape]) => `${name} ${shape}`)).toEqual([
      "vera_A 2,9",
      "vera_B 9,2",
      "vera_B.1 4,2",
    ]);
  });

  test("are frozen by their name", () => {
    const { plan } = compiled("mixed(rank = 2) on e.first, e.second\n  freeze shared.mixed.down");
    const shared = plan.parameters.find(({ path }) => path === "shared.mixed.down");
    expect(shared).toMatchObject({ trainable: false, rule: "freeze shared.mixed.down", ofAdapter: true });
    expect(plan.totals.trainable).toBe(36);
  });

  test("have a gradient that is the sum of those in all placements", () => {
    const one = gradientsOf("mixed(rank = 2) on e.first, e.second", ["shared.mixed.down"]);
    const apart = gradientsOf("mixed(rank = 2) on e.first\n  mixed(rank = 2, bound = 1.0001) on e.second", [
      "shared.mixed.down",
      "shared.mixed.down[1]",
    ]);
    const [shared = [], first = [], second = []] = [...one, ...apart];
    expect(shared.some((value) => Math.abs(value) > 0.1)).toBe(true);
    for (const [place, value] of shared.entries())
      expect(value).toBeCloseTo((first[place] ?? Number.NaN) + (second[place] ?? Number.NaN), 5);
  });
});

const path = "test/fixtures/adapters/tensors.safetensors";
const stored = readSafetensors(path, readFileSync(path));

function tensor(name: string) {
  const found = stored.get(name);
  if (found === undefined) throw new Error(`the fixture has ${name}`);
  return { type: { dtype: "f32", shape: found.shape }, data: Float32Array.from(elementsOf(found)) } as const;
}

/** What a step computes from some parameters; the others have numbers without a pattern, but for what is shared. */
function run(members: string, given: ReadonlyMap<string, ReturnType<typeof tensor>>) {
  const { spec } = compiled(members);
  const step = buildStep(spec);
  if (step === null) throw new Error("the model has a loss");
  const pieces = firstValuesOf(spec.parameters, 0, (each) => {
    const value = given.get(each);
    return value === undefined ? null : [value.data];
  });
  const parameters = new Map(
    spec.parameters.flatMap(({ path: each, type }) => {
      const count = type.shape.reduce((product, size) => product * size, 1);
      const drawn = Float32Array.from({ length: count }, (_, place) => Math.sin(7 * place + each.length));
      const isShared = each.startsWith("shared.mixed");
      const other = isShared ? Float32Array.from({ length: count }, (_, place) => Math.cos(place)) : drawn;
      const data = given.size > 0 ? joined(pieces(each), count) : other;
      const slots = ["mean", "square"].map(
        (slot) => [`${slot}:${each}`, { type, data: new Float32Array(count) }] as const,
      );
      return [[each, { type, data }] as const, ...slots];
    }),
  );
  const inputs = new Map<string, TensorData>([
    ["x", tensor("vera.x")],
    ["c", tensor("vera.c")],
    ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
  ]);
  return runProgram(optimise(step, spec), { inputs, parameters }, "f32");
}

function gradientsOf(members: string, paths: readonly string[]): readonly (readonly number[])[] {
  const values = run(members, new Map());
  return paths.map((each) => [...(values.get(`gradient:${each}`)?.data ?? [])]);
}

describe("VeRA", () => {
  test("has PEFT's loss and gradients, of two projections that share a pair", () => {
    const given = new Map([
      ["shared.vera.down", tensor("vera.a")],
      ["shared.vera.up", tensor("vera.b")],
    ]);
    for (const [place, part] of ["e.first", "e.second"].entries())
      for (const [own, name] of [
        ["weight", "weight"],
        ["bias", "bias"],
        ["vera.d", "d"],
        ["vera.b", "lambda_b"],
      ])
        given.set(`${part}.${own}`, tensor(`vera.${place}.${name}`));
    const values = run("vera(rank = 2) on e.first, e.second", given);
    const [y, c] = [tensor("vera.y").data, tensor("vera.c").data];
    const score = y.reduce((sum, value, place) => sum + value * (c[place] ?? Number.NaN), 0);
    expect(Math.abs((values.get("loss")?.data[0] ?? Number.NaN) / score - 1)).toBeLessThan(1e-5);
    for (const [place, part] of ["e.first", "e.second"].entries())
      for (const [own, name] of [
        ["d", "d"],
        ["b", "lambda_b"],
      ]) {
        const expected = tensor(`vera.${place}.${name}_grad`).data;
        const found = values.get(`gradient:${part}.vera.${own}`)?.data ?? [];
        const largest = Math.max(...expected.map(Math.abs));
        expect(found.length).toBe(expected.length);
        for (const [index, value] of expected.entries())
          expect(Math.abs((found[index] ?? Number.NaN) - value) / largest).toBeLessThan(1e-5);
      }
  });

  test("starts as the pretrained model, with PEFT's first values", () => {
    const { spec } = compiled("vera(rank = 2) on e.first, e.second");
    const initial = new Map(spec.parameters.map((each) => [each.path, each.initial]));
    expect(initial.get("e.first.vera.b")).toEqual({ kind: "constant", value: 0 });
    expect(initial.get("e.first.vera.d")).toEqual({ kind: "constant", value: 0.1 });
    // Kaiming's bound with the gain of a ReLU: sqrt(2) sqrt(3 / fan in).
    expect(initial.get("shared.vera.down")).toEqual({ kind: "uniform", bound: Math.sqrt(6 / 9) });
    expect(initial.get("shared.vera.up")).toEqual({ kind: "uniform", bound: Math.sqrt(6 / 2) });
  });
});
