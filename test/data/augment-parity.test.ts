import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { SpatialAxis } from "../../compiler/index.ts";
import { compose } from "../../runtime/data/augment/affine.ts";
import { blur } from "../../runtime/data/augment/blur.ts";
import { flip } from "../../runtime/data/augment/flip.ts";
import type { VolumeGrid } from "../../runtime/data/augment/grid.ts";
import { intensity } from "../../runtime/data/augment/intensity.ts";
import { resample } from "../../runtime/data/augment/resample.ts";
import { rotate } from "../../runtime/data/augment/rotate.ts";
import { scale } from "../../runtime/data/augment/scale.ts";
import { shift } from "../../runtime/data/augment/shift.ts";
import { mapValues } from "../../runtime/data/augment/values.ts";

type Triple = readonly [number, number, number];

/** One volume before and after a transform of MONAI or TorchIO; test/fixtures/augment/make.py wrote them. */
type Case = {
  readonly name: string;
  readonly sizes: Triple;
  readonly spacing: Triple;
  readonly before: readonly number[];
  readonly after: readonly number[];
} & (
  | { readonly operation: "flip"; readonly axis: SpatialAxis }
  | { readonly operation: "rotate"; readonly axis: SpatialAxis; readonly degrees: number }
  | { readonly operation: "shift"; readonly voxels: Triple }
  | { readonly operation: "scale"; readonly factor: number }
  | { readonly operation: "several"; readonly degrees: number; readonly voxels: Triple; readonly factor: number }
  | { readonly operation: "blur"; readonly sigma: number }
  | { readonly operation: "intensity"; readonly shift: number; readonly scale: number }
);

const cases: unknown = JSON.parse(readFileSync("test/fixtures/augment/cases.json", "utf8"));
if (!areCases(cases)) throw new Error("the fixture has a list of cases");

function areCases(value: unknown): value is readonly Case[] {
  return Array.isArray(value) && value.length === 31;
}

/** What our operations make of it with the same parameters. */
function changed(each: Case): Float32Array {
  const { sizes, spacing } = each;
  const grid: VolumeGrid = { sizes, spacing, channels: [{ range: [-1, 1], window: [-1000, 1000], padding: -1 }] };
  const values = Float32Array.from(each.before);
  switch (each.operation) {
    case "flip":
      return resample(values, grid, flip(each.axis, grid));
    case "rotate":
      return resample(values, grid, rotate(each.axis, each.degrees, grid));
    case "shift":
      return resample(values, grid, shift(each.voxels));
    case "scale":
      return resample(values, grid, scale(each.factor, grid));
    case "several": {
      const turned = compose(rotate("slices", each.degrees, grid), shift(each.voxels));
      return resample(values, grid, compose(turned, scale(each.factor, grid)));
    }
    case "blur":
      blur(values, grid, each.sigma);
      return values;
    case "intensity":
      mapValues(values, grid, (channel) => intensity(each.shift, each.scale, channel));
      return values;
  }
}

/** MONAI's Gaussian weights add up to a little less than 1. */
const tolerances: Partial<Record<Case["operation"], number>> = { blur: 3e-5 };

const described = cases.map(
  (each) => [`${each.operation} ${"axis" in each ? each.axis : ""} as ${each.name}`, each] as const,
);

test.each(described)("%s", (_, each) => {
  const after = changed(each);
  expect(after).toHaveLength(each.after.length);
  const off = each.after.map((value, at) => Math.abs(value - (after[at] ?? Number.NaN)));
  expect(Math.max(...off)).toBeLessThan(tolerances[each.operation] ?? 2e-6);
});
