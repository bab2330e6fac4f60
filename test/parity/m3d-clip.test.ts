import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { loadTokenizer } from "../../runtime/data/tokenizers/index.ts";
import { unpack, unstatedMetadata } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const folder = "test/fixtures/m3d-clip-small";
const prepared = readSafetensors("prepared", readFileSync(join(folder, "prepared.safetensors")));

function valuesOf(name: string): readonly number[] {
  const stored = prepared.get(name);
  if (stored === undefined) throw new Error(`the fixture has ${name}`);
  return [...elementsOf(stored)];
}

test("the data block gives a NIfTI file the voxels that M3D gives its pictures, within 2e-6", async () => {
  const path = join(folder, "small.vlm");
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  const packed = await preprocessVolume(join(folder, "volume.nii.gz"), unstatedMetadata, spec.data);
  if (packed.kind === "failed") throw new Error(packed.problem.message);
  const own = unpack(packed.value, spec.data);
  const theirs = valuesOf("voxels");
  expect(own).toHaveLength(theirs.length);
  const farthest = theirs.reduce((most, value, place) => Math.max(most, Math.abs(value - (own[place] ?? 9))), 0);
  // M3D computes in 32-bit floats.
  expect(farthest).toBeLessThan(2e-6);
});

test("reports are its BertTokenizer's tokens, padded", () => {
  const tokenizer = loadTokenizer(join(folder, "vocab.txt"));
  if (tokenizer.kind === "failed") throw new Error(tokenizer.problem.message);
  const ids = valuesOf("input_ids");
  const tokens = tokenizer.value.encode(readFileSync(join(folder, "report.txt"), "utf8"), ids.length);
  expect([...tokens.ids]).toEqual(ids);
  expect([...tokens.mask]).toEqual(valuesOf("attention_mask"));
  expect(ids).toContain(0);
});
