import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  asUpdate,
  blocksOf,
  combineModule,
  decompose,
  energyIn,
  type LoraMatrices,
  normOf,
  normOfDifference,
  overlapOf,
  principalCosines,
  rankHolding,
  spectrumOf,
  truncated,
  withLargest,
} from "../../runtime/adapters/index.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";
import { fixture } from "./combine-cases.ts";

const file = join(fixture, "updates.safetensors");
const tensors = readSafetensors(file, readFileSync(file));
const products = [...tensors.keys()].flatMap((name) => /^product\.(.*)\.up$/.exec(name)?.[1] ?? []);

function stored(name: string): { readonly shape: readonly number[]; readonly values: Float64Array } {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has ${name}`);
  return { shape: tensor.shape, values: Float64Array.from(elementsOf(tensor)) };
}

function matricesFrom(name: string): LoraMatrices {
  const [up, down] = [stored(`product.${name}.up`), stored(`product.${name}.down`)];
  const [outputs = 0, rank = 0] = up.shape;
  return { outputs, inputs: down.shape[1] ?? 0, rank, groups: 1, up: up.values, down: down.values };
}

function only<Element>(elements: readonly Element[]): Element {
  const [first, ...others] = elements;
  if (first === undefined || others.length > 0) throw new Error("there is one");
  return first;
}

function drawn(outputs: number, inputs: number, rank: number, groups = 1, seed = 5): LoraMatrices {
  const random = new Random(seed);
  const values = (count: number): Float64Array =>
    Float64Array.from({ length: count }, () => random.below(2001) / 1000 - 1);
  return { outputs, inputs, rank, groups, down: values(rank * inputs), up: values((outputs * rank) / groups) };
}

describe("the singular values of a product are those that NumPy finds in the whole matrix", () => {
  test.each(products)("%s", (name) => {
    const { values } = decompose(only(blocksOf(matricesFrom(name), 1)));
    const expected = stored(`product.${name}.values`).values;
    const [largest = 0] = expected;
    for (const [place, value] of expected.entries()) {
      // What is below is rounding there.
      const isResolved = value > 1e-14 * largest;
      if (isResolved) expect(Math.abs((values[place] ?? 0) / value - 1)).toBeLessThan(1e-6);
      else expect(values[place] ?? 0).toBeLessThanOrEqual(1e-14 * largest);
    }
  });

  test("a product of 10 orders of magnitude keeps the smallest of them", () => {
    const size = 6;
    const up = Float64Array.from({ length: size * size }, (_, place) =>
      place % (size + 1) === 0 ? 100 ** -Math.floor(place / size) : 0,
    );
    const down = Float64Array.from({ length: size * size }, (_, place) => (place % (size + 1) === 0 ? 1 : 0));
    const { values } = decompose(only(blocksOf({ outputs: size, inputs: size, rank: size, groups: 1, up, down }, 3)));
    for (const [place, value] of values.entries()) expect(value / (3 * 100 ** -place)).toBeCloseTo(1, 5);
  });
});

describe("a truncation", () => {
  test.each([
    [30, 20, 8, 1],
    [12, 27, 8, 2],
    [8, 5, 8, 4],
  ])(
    "of %i x %i of rank %i in %i groups is as near as the values that go, and with all of them the same",
    (outputs, inputs, rank, groups) => {
      const matrices = drawn(outputs, inputs, rank, groups);
      const blocks = blocksOf(matrices, -1.5);
      const found = blocks.map(decompose);
      const whole = asUpdate(blocks);
      for (let own = 1; own * groups <= rank; own++) {
        const near = truncated(blocks, found, { rank: own * groups, scale: -0.7 });
        expect([near.rank, near.groups, near.up.length]).toEqual([own * groups, groups, outputs * own]);
        const gone = Math.hypot(...found.flatMap(({ values }) => Array.from(values.slice(own))));
        const distance = normOfDifference(asUpdate(blocksOf(near, -0.7)), whole);
        expect(Math.abs(distance - gone)).toBeLessThan(1e-7 * normOf(whole));
      }
    },
  );
});

describe("measures of a spectrum", () => {
  test("equal values have their number as every rank", () => {
    const { norm, rank, stableRank, effectiveRank } = spectrumOf([2, 2, 2, 2], 10);
    expect([norm, rank, stableRank]).toEqual([4, 4, 4]);
    expect(effectiveRank).toBeCloseTo(4, 12);
    expect([0.25, 0.2501, 0.9, 1].map((share) => rankHolding(share, [2, 2, 2, 2]))).toEqual([1, 2, 4, 4]);
  });

  test("one value among small ones counts as one, and what floats do not resolve as none", () => {
    const values = [1, 1e-3, 1e-17];
    const { rank, stableRank, effectiveRank } = spectrumOf(values, 100);
    expect(rank).toBe(2);
    expect(stableRank).toBeCloseTo(1, 5);
    expect(effectiveRank).toBeCloseTo(Math.exp(Math.log(1.001) + (0.001 / 1.001) * Math.log(1000)), 12);
    expect([rankHolding(0.999, values), energyIn(1, values)]).toEqual([1, 1 / (1 + 1e-6)]);
  });

  test("values whose squares are no numbers any more are measured like others", () => {
    expect(spectrumOf([3e200, 4e200], 10).norm).toBeCloseTo(5e200, -190);
    expect(spectrumOf([4e-200, 3e-200], 10).norm / 5e-200).toBeCloseTo(1, 12);
  });

  test("zeros have no rank", () => {
    expect(spectrumOf([0, 0], 10)).toEqual({ values: [0, 0], norm: 0, rank: 0, stableRank: 0, effectiveRank: 0 });
    expect([rankHolding(0.9, [0, 0]), energyIn(1, [0])]).toEqual([0, 1]);
  });
});

test("principal angles: a shared direction, one turned by 60 degrees, and one that is orthogonal", () => {
  const along = (...values: readonly number[]): Float64Array => Float64Array.from(values);
  const one = [along(1, 0, 0, 0, 0), along(0, 1, 0, 0, 0), along(0, 0, 1, 0, 0)];
  const two = [along(0, 0.5, 0, Math.sqrt(0.75), 0), along(1, 0, 0, 0, 0), along(0, 0, 0, 0, 1)];
  const cosines = principalCosines(one, two);
  for (const [place, value] of [1, 0.5, 0].entries()) expect(cosines[place]).toBeCloseTo(value, 12);
  expect(overlapOf(cosines)).toBeCloseTo(1.25 / 3, 12);
  expect(overlapOf(principalCosines([], two))).toBeNull();
});

test("of equal magnitudes the first stay, and their number is rounded down", () => {
  const values = Float64Array.of(1, -2, 2, 0.5, -2, 3, 0);
  expect([...withLargest(values, 0.5)]).toEqual([0, -2, 2, 0, 0, 3, 0]);
  expect([...withLargest(values, 0.1)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect([...withLargest(values, 1)]).toEqual([...values]);
});

describe("DARE", () => {
  const matrices = drawn(40, 30, 6);
  const given = [0, 1].map((adapter) => ({ matrices, scale: 1, weight: 0.5, adapter }));
  const options = { density: 0.3, sign: "total", rank: 6, clamp: null, method: "dare_linear" } as const;

  test("keeps the share that is asked for, and on average the matrices", () => {
    const rounds = 400;
    const mean = new Float64Array(matrices.down.length);
    let zeros = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const { down } = combineModule("layer", given, { ...options, seed });
      for (const [place, value] of down.entries()) {
        // Each adapter adds its matrix times the root of 0.5.
        mean[place] = (mean[place] ?? 0) + value / Math.SQRT2 / rounds;
        if (value === 0 && matrices.down[place] !== 0) zeros++;
      }
    }
    // Both adapters leave an element out with a probability of 0.7 each.
    const share = zeros / (rounds * matrices.down.filter((value) => value !== 0).length);
    expect(Math.abs(share - 0.49)).toBeLessThan(0.01);
    const difference = mean.map((value, place) => value - (matrices.down[place] ?? 0));
    // Its expected length follows from the variance (1 - p) / p of an element, over two adapters and all rounds.
    const expected = Math.hypot(...matrices.down) * Math.sqrt(0.7 / 0.3 / 2 / rounds);
    expect(Math.hypot(...difference) / expected).toBeGreaterThan(0.8);
    expect(Math.hypot(...difference) / expected).toBeLessThan(1.2);
  });

  test("draws the same for the same seed, and others for another module, adapter or seed", () => {
    const of = (module: string, seed: number, adapter = 0): string =>
      [...combineModule(module, [{ matrices, scale: 1, weight: 1, adapter }], { ...options, seed }).down].join();
    expect(of("layer", 1)).toBe(of("layer", 1));
    expect(new Set([of("layer", 1), of("layer", 2), of("other", 1), of("layer", 1, 1)]).size).toBe(4);
  });
});
