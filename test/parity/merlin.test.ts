import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { loadTokenizer } from "../../runtime/data/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack, unstatedMetadata } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const folder = "test/fixtures/merlin-small";

function compiled(path: string) {
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

test("voxels are those of Merlin's own preprocessing", async () => {
  const { data } = compiled("specs/merlin/merlin.vlm");
  const tensors = readSafetensors("voxels", readFileSync(`${folder}/voxels.safetensors`));
  const stored = (name: string): readonly number[] => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the fixture has ${name}`);
    return [...elementsOf(tensor)];
  };
  const places = stored("places");
  const packed = await preprocessVolume(`${folder}/volume.nii.gz`, unstatedMetadata, data);
  if (packed.kind === "failed") throw new Error(packed.problem.message);
  const found = unpack(packed.value, data);
  expect(found).toHaveLength(160 * 224 * 224);
  const errors = stored("values").map((value, index) => {
    const [z = 0, x = 0, y = 0] = places.slice(3 * index, 3 * index + 3);
    return Math.abs((found[(z * 224 + x) * 224 + y] ?? Number.NaN) - value);
  });
  expect(errors).toHaveLength(2200);
  expect(Math.max(...errors)).toBeLessThan(1e-6);
  expect(found.reduce((sum, value) => sum + value, 0) / found.length).toBeCloseTo(stored("mean")[0] ?? Number.NaN, 6);
});

interface Cut {
  readonly text: string;
  readonly ids: readonly number[];
}

function isCut(value: unknown): value is readonly Cut[] {
  return Array.isArray(value) && value.every((each: object) => "text" in each && "ids" in each);
}

test("tokens are those of Merlin's own cleaning and its tokenizer", () => {
  const source = compiled(`${folder}/small.vlm`).sources.get("input_ids");
  if (source?.kind !== "tokens") throw new Error("the small spec takes tokens");
  const tokenizer = loadTokenizer(`${folder}/tokenizer.json`, source.settings);
  if (tokenizer.kind === "failed") throw new Error(tokenizer.problem.message);
  const cut: unknown = JSON.parse(readFileSync(`${folder}/texts.json`, "utf8"));
  if (!isCut(cut)) throw new Error("the fixture has texts and their tokens");
  expect(cut).toHaveLength(7);
  for (const { text, ids } of cut) {
    const { ids: found, mask } = tokenizer.value.encode(text, 200);
    expect([...found]).toEqual([...ids, ...Array.from({ length: 200 - ids.length }, () => 1)]);
    expect(mask.reduce((sum, each) => sum + each, 0)).toBe(ids.length);
  }
});
