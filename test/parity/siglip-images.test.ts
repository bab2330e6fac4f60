import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultImage, type ImageSettings } from "../../compiler/index.ts";
import { loadImage } from "../../runtime/data/load-image.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

/** What transformers' SigLIP makes of pictures; make.py in the folder says how. */
const file = "test/fixtures/siglip-images/expected.safetensors";
const expected = [...readSafetensors(file, readFileSync(file))].map(
  ([name, tensor]) => [name, elementsOf(tensor)] as const,
);

test("the spec prepares pictures as these are", () => {
  const written = readFileSync("specs/siglip.vlm", "utf8").replaceAll(/\s+/g, " ");
  const settings = "mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5], interpolation = bicubic, resize = squash";
  expect(written).toContain(`image( ${settings} )`);
  expect(expected).toHaveLength(8);
});

test.each(expected)("%s: the values are those of transformers' SiglipImageProcessor", async (name, values) => {
  const [interpolation, picture] = name.split("/");
  const settings: ImageSettings = {
    ...defaultImage,
    size: [24, 20],
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    resize: "squash",
    interpolation: interpolation === "bilinear" ? "bilinear" : "bicubic",
  };
  const loaded = await loadImage({ path: `test/fixtures/open-clip/images/${picture ?? ""}` }, settings);
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  expect(loaded.value).toHaveLength(values.length);
  const largest = loaded.value.reduce(
    (most, value, place) => Math.max(most, Math.abs(value - (values[place] ?? 9))),
    0,
  );
  expect(largest).toBeLessThan(1e-6);
});
