import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { elementsOf, readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";

/** The tensors of a file of fixtures/ctclip-small, what CT-CLIP's own code was given and gave. */
export function fixture(name: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(name, readFileSync(join("test/fixtures/ctclip-small", name)));
}

const expected = fixture("expected.safetensors");

/** The values that CT-CLIP's code gave under a name. */
export function expectedOf(name: string): StoredTensor {
  const stored = expected.get(name);
  if (stored === undefined) throw new Error(`the fixture has ${name}`);
  return stored;
}

/** The largest absolute difference from what CT-CLIP's code gave, over the largest absolute value. */
export function difference(found: ArrayLike<number>, name: string): number {
  const values = elementsOf(expectedOf(name));
  expect(found.length).toBe(values.length);
  let error = 0;
  let largest = 0;
  for (const [index, value] of values.entries()) {
    error = Math.max(error, Math.abs(value - (found[index] ?? Number.NaN)));
    largest = Math.max(largest, Math.abs(value));
  }
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / largest;
}

/** The stages of the forward pass: their names in the fixture and in the spec. */
export const stages: readonly (readonly [string, string])[] = [
  ["patch_embed", "vision.patch_embed"],
  ["position_bias", "vision.position_bias"],
  ["spatial", "vision.spatial"],
  ["temporal", "vision.temporal"],
  ["quantized", "vision.quantized"],
  ["text_hidden", "text.hidden"],
  ["image_latent", "image"],
  ["text_latent", "report"],
];
