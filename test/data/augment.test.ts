import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Augmentation, SpatialAxis, VolumeAugmentation } from "../../compiler/index.ts";
import { type Affine, compose } from "../../runtime/data/augment/affine.ts";
import { gaussian } from "../../runtime/data/augment/blur.ts";
import { type AugmentDraw, randomOf } from "../../runtime/data/augment/draw.ts";
import { flip } from "../../runtime/data/augment/flip.ts";
import type { VolumeGrid } from "../../runtime/data/augment/grid.ts";
import { augmentVolume, operationsOf } from "../../runtime/data/augment/index.ts";
import { resample } from "../../runtime/data/augment/resample.ts";
import { rotate } from "../../runtime/data/augment/rotate.ts";
import { scale } from "../../runtime/data/augment/scale.ts";
import { generator } from "../../runtime/random.ts";

const padding = -1;
const draw: AugmentDraw = { seed: 7, step: 3, example: "train_1_a_1.nii.gz" };
const chance = 1;
const geometric: readonly VolumeAugmentation[] = [
  { kind: "flip", axis: "width", chance, sides: "ignore" },
  { kind: "shift", by: { unit: "voxels", most: [1, 2, 2] }, chance },
  { kind: "shift", by: { unit: "fraction", most: 0.3 }, chance },
  { kind: "rotate", degrees: 30, axis: "slices", chance },
  { kind: "rotate", degrees: 30, axis: "height", chance },
  { kind: "scale", range: [0.7, 1.4], chance },
  { kind: "crop", share: [0.5, 0.9], chance },
];
const all: readonly VolumeAugmentation[] = [
  ...geometric,
  { kind: "intensity", shift: 0.2, scale: 0.2, chance },
  { kind: "noise", std: 0.2, chance },
  { kind: "blur", sigma: [0.5, 1.5], chance },
  { kind: "window", jitter: 200, chance },
];

function gridOf(sizes: VolumeGrid["sizes"], channels = 1): VolumeGrid {
  const channel = { range: [-1, 1], window: [-1000, 1000], padding } as const;
  return { sizes, spacing: [1.5, 0.75, 0.75], channels: Array.from({ length: channels }, () => channel) };
}

function volumeOf({ sizes, channels }: VolumeGrid, seed = 0): Float32Array<ArrayBuffer> {
  const random = generator(seed);
  const count = channels.length * sizes.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

function changed(list: readonly Augmentation[], grid: VolumeGrid, at: AugmentDraw = draw, seed = 0): Float32Array {
  return augmentVolume(volumeOf(grid, seed), grid, operationsOf(list).volumes, at);
}

const grids = fc
  .tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 2, max: 9 }),
    fc.integer({ min: 2, max: 9 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([slices, height, width, channels]) => gridOf([slices, height, width], channels));

describe("what leaves a volume as it is, to the bit", () => {
  const identities: readonly (readonly [string, readonly VolumeAugmentation[]])[] = [
    ["no operation", []],
    ["operations that are never drawn", all.map((each) => ({ ...each, chance: 0 }))],
    ["a shift by nothing", [{ kind: "shift", by: { unit: "voxels", most: [0, 0, 0] }, chance }]],
    ["a rotation by nothing", [{ kind: "rotate", degrees: 0, axis: "width", chance }]],
    ["a scale of 1", [{ kind: "scale", range: [1, 1], chance }]],
    ["a crop of everything", [{ kind: "crop", share: [1, 1], chance }]],
    ["intensity without a change", [{ kind: "intensity", shift: 0, scale: 0, chance }]],
    ["noise of nothing", [{ kind: "noise", std: 0, chance }]],
    ["a window that stays", [{ kind: "window", jitter: 0, chance }]],
    ["two flips", (["slices", "height", "width"] as const).flatMap((axis) => [flipOf(axis), flipOf(axis)])],
    ["two flips, with something between", [flipOf("width"), { kind: "noise", std: 0, chance }, flipOf("width")]],
  ];
  test.each(identities)("%s", (_, list) => {
    fc.assert(
      fc.property(grids, (grid) => {
        expect(changed(list, grid)).toEqual(volumeOf(grid));
      }),
      { numRuns: 30 },
    );
  });

  test("a blur that reaches no neighbour", () => {
    expect([...gaussian(0.01)]).toEqual([1, 0]);
  });
});

function flipOf(axis: SpatialAxis): VolumeAugmentation {
  return { kind: "flip", axis, chance: 1, sides: "ignore" };
}

describe("what is drawn", () => {
  test("follows from seed, step and example: the same again, and another for each other one", () => {
    const grid = gridOf([4, 6, 7]);
    for (const operation of all) {
      const first = changed([operation], grid);
      expect(changed([operation], grid)).toEqual(first);
      if (operation.kind === "flip") continue;
      const others = [
        { ...draw, seed: 8 },
        { ...draw, step: 4 },
        { ...draw, step: draw.step + 2 ** 33 },
        { ...draw, example: "train_1_a_2.nii.gz" },
      ].map((other) => changed([operation], grid, other));
      // A shift by whole voxels is the same now and then.
      if (operation.kind === "shift") expect(others.some((other) => !isSame(other, first))).toBe(true);
      else for (const other of others) expect(isSame(other, first)).toBe(false);
    }
  });

  test("of one operation does not depend on whether another is drawn", () => {
    const grid = gridOf([4, 6, 7]);
    const noise: VolumeAugmentation = { kind: "noise", std: 0.2, chance };
    const never: VolumeAugmentation = { kind: "rotate", degrees: 30, axis: "slices", chance: 0 };
    expect(changed([never, noise], grid)).toEqual(changed([{ ...flipOf("width"), chance: 0 }, noise], grid));
    expect(isSame(changed([noise, never], grid), changed([never, noise], grid))).toBe(false);
  });

  test("is drawn as often as its chance says", () => {
    const grid = gridOf([1, 1, 2]);
    const before = volumeOf(grid);
    const operation = { ...flipOf("width"), chance: 0.3 };
    const flipped = Array.from(
      { length: 4000 },
      (_, step) => !isSame(changed([operation], grid, { ...draw, step }), before),
    );
    // Four standard deviations of 0.0072.
    expect(Math.abs(flipped.filter(Boolean).length / 4000 - 0.3)).toBeLessThan(0.029);
  });

  test("is uniform: mean, variance and extent of the numbers of many steps and examples", () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) =>
      randomOf({ seed: 0, step: index % 100, example: `train_${Math.floor(index / 100)}` }, 1)(),
    );
    const mean = numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
    const variance = numbers.reduce((sum, each) => sum + (each - mean) ** 2, 0) / numbers.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0082);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.0022);
    const counts = new Map<number, number>();
    for (const each of numbers) counts.set(Math.floor(each * 20), (counts.get(Math.floor(each * 20)) ?? 0) + 1);
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(counts.size).toBe(20);
    // The 99.9 % quantile with 19 degrees of freedom is 43.8.
    expect(chiSquared).toBeLessThan(43.8);
  });

  test("is normal for noise: moments and tails, no voxel like its neighbour", () => {
    const sizes = [10, 100, 100] as const;
    const grid: VolumeGrid = { ...gridOf(sizes), channels: [{ range: [-1e6, 1e6], window: null, padding: 0 }] };
    const zeros = new Float32Array(100_000);
    const values = augmentVolume(zeros, grid, operationsOf([{ kind: "noise", std: 0.01, chance }]).volumes, draw);
    const moment = (power: number): number => values.reduce((sum, each) => sum + each ** power, 0) / values.length;
    const deviation = Math.sqrt(moment(2));
    expect(deviation).toBeGreaterThan(0);
    expect(deviation).toBeLessThan(0.01 * 2e6);
    expect(Math.abs(moment(1) / deviation)).toBeLessThan(0.013);
    expect(Math.abs(moment(3) / deviation ** 3)).toBeLessThan(0.031);
    expect(Math.abs(moment(4) / deviation ** 4 - 3)).toBeLessThan(0.062);
    const beyond = values.filter((each) => Math.abs(each) > 1.959964 * deviation).length / values.length;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0028);
    let [pairs, planes] = [0, 0];
    for (let at = 0; at < values.length - 10_000; at++) {
      pairs += ((values[at] ?? 0) * (values[at + 1] ?? 0)) / deviation ** 2;
      planes += ((values[at] ?? 0) * (values[at + 10_000] ?? 0)) / deviation ** 2;
    }
    expect(Math.abs(pairs / 90_000)).toBeLessThan(0.0134);
    expect(Math.abs(planes / 90_000)).toBeLessThan(0.0134);
  });
});

describe("geometry", () => {
  /** The definition: eight neighbours, each of which is the padding value where it is outside. */
  function plainly(
    values: Float32Array,
    { sizes: [slices, height, width], channels }: VolumeGrid,
    from: Affine,
  ): number[] {
    const into: number[] = [];
    const count = slices * height * width;
    for (const channel of channels.keys()) {
      for (let z = 0; z < slices; z++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const place = from.matrix.map(
              (line, row) => line[0] * z + line[1] * y + line[2] * x + (from.offset[row] ?? 0),
            );
            let sum = 0;
            for (let corner = 0; corner < 8; corner++) {
              let weight = 1;
              const index = place.map((at, axis) => {
                const bit = (corner >> axis) & 1;
                weight *= bit === 1 ? at - Math.floor(at) : 1 - (at - Math.floor(at));
                return Math.floor(at) + bit;
              });
              const [a = 0, b = 0, c = 0] = index;
              const isInside = a >= 0 && a < slices && b >= 0 && b < height && c >= 0 && c < width;
              sum += weight * (isInside ? (values[channel * count + (a * height + b) * width + c] ?? 0) : padding);
            }
            into.push(sum);
          }
        }
      }
    }
    return into;
  }

  const entry = fc.double({ min: -1.5, max: 1.5, noNaN: true });
  const line = fc.tuple(entry, entry, entry);
  const affines: fc.Arbitrary<Affine> = fc.record({
    matrix: fc.tuple(line, line, line),
    offset: fc.tuple(entry, entry, entry),
  });

  test("every affine is the plain definition of trilinear interpolation, all channels alike", () => {
    fc.assert(
      fc.property(
        grids,
        affines,
        fc.constantFrom("tilted", "in slices", "straight", "whole voxels"),
        (grid, affine, kind) => {
          const from = kind === "tilted" ? affine : flattened(affine, kind);
          const values = volumeOf(grid);
          const expected = plainly(values, grid, from);
          const found = resample(values, grid, from);
          for (const [at, value] of expected.entries())
            expect(Math.abs(value - (found[at] ?? Number.NaN))).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 300 },
    );
  });

  /** Affines with zeros and whole numbers where those of rotations, scales and shifts have them. */
  function flattened(
    { matrix: [, b, c], offset: [z, y, x] }: Affine,
    kind: "in slices" | "straight" | "whole voxels",
  ): Affine {
    if (kind === "in slices")
      return {
        matrix: [
          [1, 0, 0],
          [0, b[1], b[2]],
          [0, c[1], c[2]],
        ],
        offset: [Math.round(z), y, x],
      };
    if (kind === "straight")
      return {
        matrix: [
          [1, 0, 0],
          [0, b[1], 0],
          [0, 0, c[2]],
        ],
        offset: [z, y, x],
      };
    return {
      matrix: [
        [1, 0, 0],
        [0, -1, 0],
        [0, 0, 1],
      ],
      offset: [Math.round(z), Math.round(3 * y), Math.round(2 * x)],
    };
  }

  test("operations that follow each other are one interpolation, and the padding of one is not in the next", () => {
    const grid = gridOf([6, 8, 9]);
    const [half, double] = [scale(0.5, grid), scale(2, grid)];
    const values = volumeOf(grid);
    expect(resample(values, grid, compose(half, double))).toEqual(values);
    const turned = compose(rotate("height", 20, grid), rotate("height", -20, grid));
    const back = resample(values, grid, turned);
    for (const [at, value] of values.entries()) expect(back[at]).toBeCloseTo(value, 5);
    const two = changed(
      [
        { kind: "scale", range: [0.5, 0.5], chance },
        { kind: "scale", range: [2, 2], chance },
      ],
      grid,
    );
    expect(two).toEqual(values);
  });

  test("flips move values and change none, also beside whole shifts", () => {
    const grid = gridOf([2, 3, 4], 2);
    const values = volumeOf(grid);
    for (const axis of ["slices", "height", "width"] as const) {
      expect(changed([flipOf(axis)], grid)).toEqual(resample(values, grid, flip(axis, grid)));
    }
    const shifted = changed(
      [flipOf("width"), { kind: "shift", by: { unit: "voxels", most: [0, 0, 1] }, chance }],
      grid,
    );
    const known = new Set([padding, ...values]);
    expect([...shifted].every((value) => known.has(value))).toBe(true);
  });

  test("a rotation keeps lengths in millimetres", () => {
    const grid = gridOf([9, 9, 9]);
    for (const axis of ["slices", "height", "width"] as const) {
      const { matrix } = rotate(axis, 25, grid);
      const columns = [0, 1, 2].map((column) =>
        matrix.map((row, at) => ((row[column] ?? 0) * (grid.spacing[at] ?? 0)) / (grid.spacing[column] ?? 0)),
      );
      for (const [one, a] of columns.entries()) {
        for (const [other, b] of columns.entries()) {
          expect(a.reduce((sum, each, at) => sum + each * (b[at] ?? 0), 0)).toBeCloseTo(one === other ? 1 : 0, 12);
        }
      }
    }
  });

  test("a crop brings in no padding, and has the share that is asked for", () => {
    const grid = gridOf([6, 20, 20]);
    const ones = new Float32Array(2400).fill(0.5);
    for (let step = 0; step < 50; step++) {
      const cropped = augmentVolume(
        ones.slice(),
        grid,
        operationsOf([{ kind: "crop", share: [0.3, 1], chance }]).volumes,
        { ...draw, step },
      );
      expect(cropped).toEqual(ones);
    }
    const ramp = Float32Array.from({ length: 2400 }, (_, at) => (at % 20) / 20);
    const half = augmentVolume(ramp, grid, operationsOf([{ kind: "crop", share: [0.5, 0.5], chance }]).volumes, draw);
    expect((half[19] ?? 0) - (half[0] ?? 0)).toBeCloseTo((19 / 20) * 0.5, 6);
  });
});

describe("values", () => {
  test("stay in the range of their channel", () => {
    fc.assert(
      fc.property(grids, fc.nat(1000), (grid, step) => {
        const values = changed(all, grid, { ...draw, step });
        expect(values.every((value) => value >= -1 && value <= 1)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("of another window are what that window makes of Hounsfield units", () => {
    const grid = gridOf([1, 1, 201]);
    const units = Array.from({ length: 201 }, (_, at) => 10 * at - 1000);
    const before = Float32Array.from(units, (unit) => unit / 1000);
    const after = augmentVolume(before, grid, operationsOf([{ kind: "window", jitter: 300, chance }]).volumes, draw);
    const random = randomOf(draw, 0);
    random();
    const [low, high] = [-1000 + 600 * random() - 300, 1000 + 600 * random() - 300];
    for (const [at, unit] of units.entries()) {
      const expected = (2 * (Math.min(Math.max(unit, low), high) - low)) / (high - low) - 1;
      expect(after[at]).toBeCloseTo(expected, 5);
    }
  });

  test("mean the same in another range, and each channel keeps to its own", () => {
    const sizes = [2, 5, 6] as const;
    const one = gridOf(sizes);
    const other: VolumeGrid = {
      ...one,
      channels: [
        { range: [0, 1], window: [-1000, 1000], padding: 0 },
        { range: [-2, 6], window: [-1000, 1000], padding: -2 },
      ],
    };
    const values = volumeOf(one);
    const both = new Float32Array(120);
    for (const [at, value] of values.entries()) {
      both[at] = (value + 1) / 2;
      both[60 + at] = 4 * (value + 1) - 2;
    }
    const list = operationsOf(all.filter(({ kind }) => kind !== "noise")).volumes;
    const expected = augmentVolume(values, one, list, draw);
    const found = augmentVolume(both, other, list, draw);
    for (const [at, value] of expected.entries()) {
      expect(found[at]).toBeCloseTo((value + 1) / 2, 5);
      expect(found[60 + at]).toBeCloseTo(4 * (value + 1) - 2, 5);
    }
  });

  test("of a blurred constant stay constant, and a blur keeps the sum", () => {
    const grid = gridOf([3, 7, 8]);
    const blur = operationsOf([{ kind: "blur", sigma: [2, 2], chance }]).volumes;
    const constant = augmentVolume(new Float32Array(168).fill(0.25), grid, blur, draw);
    for (const value of constant) expect(value).toBeCloseTo(0.25, 6);
    const values = volumeOf(grid);
    const sum = values.reduce((total, value) => total + value, 0);
    expect(augmentVolume(values, grid, blur, draw).reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 3);
  });
});

function isSame(one: Float32Array, other: Float32Array): boolean {
  return one.every((value, at) => value === other[at]);
}
