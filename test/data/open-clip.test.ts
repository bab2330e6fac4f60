import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { expect, test } from "vitest";
import { defaultImage, type ImageSettings } from "../../compiler/index.ts";
import { loadImage } from "../../runtime/data/load-image.ts";

/** What open_clip makes of small pictures of every kind; make_images.py in the folder says how. */
const folder = "test/fixtures/open-clip";

const cases = v.parse(
  v.array(
    v.object({
      image: v.string(),
      size: v.tuple([v.number(), v.number()]),
      resize: v.picklist(["shortest", "longest", "squash"]),
      interpolation: v.picklist(["bicubic", "bilinear"]),
      bits: v.nullable(v.number()),
    }),
  ),
  JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")),
);

const expected = readFileSync(join(folder, "expected.bin"));
const starts = new Map<(typeof cases)[number], number>();
let behind = 0;
for (const each of cases) {
  starts.set(each, behind);
  behind += 3 * each.size[0] * each.size[1];
}

async function valuesOf(image: string, settings: ImageSettings): Promise<Float32Array> {
  const loaded = await loadImage({ path: join(folder, "images", image) }, settings);
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  return loaded.value;
}

test("there is a value for each pixel of each case", () => {
  expect(behind).toBe(expected.length);
});

test.each(cases)("$image, $resize to $size, $interpolation: every pixel is open_clip's", async (one) => {
  const { image, size, resize, interpolation, bits } = one;
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const values = await valuesOf(image, { ...plain, size, resize, interpolation, bits });
  const start = starts.get(one) ?? 0;
  const pixels = [...values].map((value) => Math.round(value * 255));
  expect(pixels).toEqual([...expected.subarray(start, start + values.length)]);
});

test("normalised values are open_clip's to the last bit", async () => {
  const values = await valuesOf("rgb.png", { ...defaultImage, size: [32, 32] });
  expect(Buffer.from(values.buffer).equals(readFileSync(join(folder, "normalised.bin")))).toBe(true);
});
