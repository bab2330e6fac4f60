import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { loadTokenizer } from "../../runtime/data/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const path = "specs/colipri/colipri.vlm";
const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
if (spec === null) throw new Error("the spec compiles");
const { data } = spec;

const folder = "test/fixtures/colipri-volumes";
const tensors = readSafetensors("expected", readFileSync(join(folder, "expected.safetensors")));
const { starts, texts } = v.parse(
  v.object({ starts: v.record(v.string(), v.array(v.number())), texts: v.array(v.string()) }),
  JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")),
);

function stored(name: string) {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has ${name}`);
  return { shape: tensor.shape, values: Float64Array.from(elementsOf(tensor)) };
}

/** The voxels of a volume that are no padding, and what the padding is. */
async function preprocessed(name: string) {
  const metadata = { slope: 1, intercept: 0, xySpacing: null, zSpacing: null };
  const packed = await preprocessVolume(join(folder, `${name}.nii.gz`), metadata, data);
  if (packed.kind === "failed") throw new Error(packed.problem.message);
  const { before, counts } = packed.value;
  const padding = new Set<number>();
  const inside: number[] = [];
  for (const [index, value] of unpack(packed.value, data).entries()) {
    const places = [Math.floor(index / 192 ** 2), Math.floor(index / 192) % 192, index % 192];
    const isInside = places.every((place, axis) => {
      const from = before[axis] ?? 0;
      return place >= from && place < from + (counts[axis] ?? 0);
    });
    if (isInside) inside.push(value);
    else padding.add(value);
  }
  expect([before, counts]).toEqual([starts[name], stored(name).shape]);
  expect([...padding]).toEqual([-1]);
  return inside;
}

function farthest(found: readonly number[], expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((worst, value, index) => Math.max(worst, Math.abs(value - (expected[index] ?? Number.NaN))), 0);
}

describe("volumes are those of COLIPRI's own processor", () => {
  test("of a file of floats, whose axes are in another order, cropped along one of them", async () => {
    expect(farthest(await preprocessed("floats"), stored("floats").values)).toBeLessThan(1e-5);
  });

  test("of a file of whole numbers, but that SimpleITK cuts off fractions of a Hounsfield unit there", async () => {
    const found = await preprocessed("whole");
    const { values } = stored("whole");
    const off = found.map((value, index) => 1000 * (value - (values[index] ?? Number.NaN)) * Math.sign(value));
    const clipped = off.filter((_, index) => Math.abs(found[index] ?? 0) === 1);
    expect([Math.min(...off) > -1e-3, Math.max(...off) < 1 + 1e-3]).toEqual([true, true]);
    expect(clipped.length).toBeGreaterThan(100);
    expect(Math.max(...clipped)).toBe(0);
    // All fractions occur as often.
    expect(off.reduce((sum, each) => sum + each, 0) / (off.length - clipped.length)).toBeCloseTo(0.5, 1);
  });
});

test("tokens are those of COLIPRI's own processor", () => {
  const loaded = loadTokenizer("test/fixtures/colipri-small/vocab.txt");
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  const tokens = texts.map((text) => loaded.value.encode(text, 512));
  expect(tokens.flatMap(({ ids }) => [...ids])).toEqual([...stored("ids").values]);
  expect(tokens.flatMap(({ mask }) => [...mask])).toEqual([...stored("mask").values]);
});
