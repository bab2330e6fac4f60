import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addTo, dot, inputMomentsOf } from "../../compiler/index.ts";
import { orthonormal } from "../../runtime/adapters/arithmetic/orthonormal.ts";
import { adapterUpdates } from "../../runtime/adapters/index.ts";
import { InputDirections } from "../../runtime/app/adapters/input-directions.ts";
import { redistributedPlacements, redistributing } from "../../runtime/app/adapters/redistributed.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { fixtureIn, floats, specOfSmall, tensorOf } from "./peft-fixture.ts";
import { weightsOf } from "./peft-kinds-cases.ts";
import { backends, compileSmall } from "./peft-run.ts";

const below = fixtureIn("test/fixtures/eva");
const weights = weightsOf("pair");

interface Case {
  readonly placed: readonly string[];
  readonly network?: string;
  readonly rho?: number;
  readonly isWhitened?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  whole: { placed: ["lora(rank = 18, dropout = 0.5) on vision.first, vision.second"] },
  one: { placed: ["lora(rank = 8) on vision.first, vision.second, vision.last"] },
  rho: {
    placed: ["lora(rank = 4, alpha = 6) on vision.first, vision.second", "lora(rank = 3, alpha = 5) on vision.last"],
    rho: 2,
    isWhitened: true,
  },
  twin: {
    placed: ["lora(rank = 2, alpha = 3) on vision.last", "lora(rank = 4, alpha = 3) on vision.two, vision.one"],
    network: "twin",
    rho: 1.5,
  },
};

const twin = `
module twin() {
  part one = linear(6, 24)
  part two = linear(6, 24)
  part last = linear(5, 6)

  forward(x: f32[batch, 24]) {
    let logits = last(one(x) + two(x))
    return logits
  }
}
`;

/** The directions of each module after the batches that PEFT read of a case, by the module's name. */
async function directionsOn(name: (typeof backends)[number], given: Case, expected: typeof weights) {
  const { placed, network = "pair", rho = 1 } = given;
  const x = tensorOf(expected, "x");
  const [count = 0, batch = 0] = x.shape;
  const networks = `${readFileSync("test/fixtures/peft-kinds/network.vlm", "utf8")}${twin}`;
  const model = { libraries: ["lora"], networks, network: `${network}()`, encoder: "vision", placed, batch } as const;
  const compiled = compileSmall("eva", specOfSmall(model));
  const { spec, plan } = compiled;
  const backend = backendNamed(name);
  const moments = inputMomentsOf(spec, adapterUpdates(spec, plan));
  if (backend === null || backend.load().kind !== "ready" || moments === null) throw new Error(`${name} is there`);
  expect(moments.left).toEqual([]);
  const opened = modelOf(spec, [backend.optimise(moments.program, spec)]);
  const own = network === "pair" ? weights : below("twin.network.");
  const named = new Map(plan.parameters.map(({ path, checkpoint }) => [path, own.get(checkpoint)]));
  const piecesOf = (path: string): Iterable<Float32Array> => {
    const stored = named.get(path);
    const size = plan.parameters.find((each) => each.path === path)?.shape.reduce((a, b) => a * b, 1) ?? 0;
    return [stored === undefined ? new Float32Array(size) : floats(stored)];
  };
  const size = floats(x).length / count;
  const outputs = await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const data = floats(x).slice(at * size, (at + 1) * size);
      const inputs = new Map([["x", { type: { dtype: "f32", shape: [batch, 24] } as const, data }]]);
      const found = await runOnce(backend, opened, { inputs, piecesOf, state: new Map() });
      return new Map([...found].map(([output, value]) => [output, Float32Array.from(value.data)]));
    }),
  );
  const all = moments.inputs.map((input) => new InputDirections(input, 0.99, rho));
  const redistribute = redistributing(all, plan, rho);
  for (const found of all) {
    // Of modules that read the same, PEFT looks at one.
    const read = Math.max(
      ...found.input.updates.map(({ module }) => floats(tensorOf(expected, `batches.${module}`))[0] ?? 0),
    );
    for (let step = 0; step < read; step++) {
      found.add(outputs[step % count] ?? new Map());
      found.find();
    }
    found.settle();
  }
  redistribute();
  const modules = all.flatMap((found) =>
    found.input.updates.map(({ module }, place) => ({ module, found, rank: found.ranks[place] ?? 0 })),
  );
  return { modules, all, compiled };
}

/** A matrix by its rows. */
function rowsOf(values: Float32Array, rank: number): readonly Float64Array[] {
  const width = values.length / rank;
  return Array.from({ length: rank }, (_, row) => Float64Array.from(values.subarray(row * width, (row + 1) * width)));
}

/** At least the sine of the largest principal angle between two spaces of the same dimension, by orthonormal bases. */
function largestSine(one: readonly Float64Array[], two: readonly Float64Array[]): number {
  const sines = two.map((vector) => {
    const rest = vector.slice();
    for (const each of one) addTo(rest, each, -dot(vector, each));
    return Math.sqrt(dot(rest, rest));
  });
  return Math.hypot(...sines);
}

describe.each(Object.entries(cases))("EVA of %s", (name, given) => {
  const expected = below(`${name}.`);

  test.each(backends)("starts from the directions that PEFT starts from, with its signs, on %s", async (backend) => {
    const { modules } = await directionsOn(backend, given, expected);
    expect(modules).toHaveLength(name === "whole" ? 2 : 3);
    for (const { module, found, rank } of modules) {
      const down = tensorOf(expected, `${module}.lora_A.weight`);
      expect([module, rank]).toEqual([module, down.shape[0]]);
      const theirs = rowsOf(floats(down), rank);
      const ours = rowsOf(found.rowsOf(rank, given.isWhitened), rank);
      const [own, other] = [ours, theirs].map((rows) => orthonormal(rows).basis);
      expect([own?.length, other?.length]).toEqual([rank, rank]);
      // Of small angles the sine, since the cosine of one below 1e-4 is 1 but for rounding.
      expect(largestSine(own ?? [], other ?? []), module).toBeLessThan(1e-4);
      for (const [place, row] of ours.entries()) {
        const apart = row.map((value, column) => value - (theirs[place]?.[column] ?? Number.NaN));
        expect(Math.sqrt(dot(apart, apart)), `${module} ${place}`).toBeLessThan(1e-4);
      }
      expect(found.isConverged).toBe(true);
      expect(floats(tensorOf(expected, `${module}.lora_B.weight`)).every((value) => value === 0)).toBe(true);
    }
  });
});

test("the placements of redistributed ranks have PEFT's ranks and alphas", async () => {
  const linesOf = async (name: string): Promise<readonly string[]> => {
    const given = cases[name] ?? { placed: [] };
    const { compiled, all } = await directionsOn("onnx", given, below(`${name}.`));
    return redistributedPlacements(compiled, all).lines;
  };
  expect(await linesOf("rho")).toEqual([
    "lora(rank = 5, alpha = 7.5) on vision.first",
    "lora(rank = 3, alpha = 4.5) on vision.second",
    "lora(rank = 3, alpha = 5) on vision.last",
  ]);
  expect(await linesOf("twin")).toEqual([
    "lora(rank = 3, alpha = 4.5) on vision.last",
    "lora(rank = 3, alpha = 2.25) on vision.two",
    "lora(rank = 4, alpha = 3) on vision.one",
  ]);
});
