import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, unstatedMetadata } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const folder = "test/fixtures/merlin-small";
const path = "specs/merlin/merlin.vlm";
const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
if (spec === null) throw new Error("the spec compiles");

test("voxels are those of Merlin's own preprocessing", async () => {
  const tensors = readSafetensors("voxels", readFileSync(`${folder}/voxels.safetensors`));
  const stored = (name: string): readonly number[] => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the fixture has ${name}`);
    return [...elementsOf(tensor)];
  };
  const places = stored("places");
  const packed = await preprocessVolume(`${folder}/volume.nii.gz`, unstatedMetadata, spec.data);
  if (packed.kind === "failed") throw new Error(packed.problem.message);
  const found = unpack(packed.value, spec.data);
  expect(found).toHaveLength(160 * 224 * 224);
  const errors = stored("values").map((value, index) => {
    const [z = 0, x = 0, y = 0] = places.slice(3 * index, 3 * index + 3);
    return Math.abs((found[(z * 224 + x) * 224 + y] ?? Number.NaN) - value);
  });
  expect(errors).toHaveLength(2200);
  expect(Math.max(...errors)).toBeLessThan(1e-6);
  expect(found.reduce((sum, value) => sum + value, 0) / found.length).toBeCloseTo(stored("mean")[0] ?? Number.NaN, 6);
});
