import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { resampleAxis } from "../../runtime/data/transforms/resample.ts";

/** Where each kept voxel lies among the stored ones, as a library has it; -1 is padding. */
const caseSchema = v.object({
  grid: v.picklist(["torchio", "monai"]),
  length: v.number(),
  spacing: v.number(),
  target: v.number(),
  size: v.number(),
  places: v.array(v.number()),
});

const cases = v.parse(v.array(caseSchema), JSON.parse(readFileSync("test/fixtures/grids/axes.json", "utf8")));

/** The same of ours. */
function placesOf({ places, ...axis }: v.InferOutput<typeof caseSchema>): readonly number[] {
  const resampled = resampleAxis({ ...axis, from: 0 });
  if (resampled.kind === "failed") throw new Error("every case has voxels");
  const { before, count, below, above, weight } = resampled.value;
  return places.map((_, index) => {
    const [lower = 0, upper = 0, share = 0] = [below[index - before], above[index - before], weight[index - before]];
    return index < before || index >= before + count ? -1 : lower + (upper - lower) * share;
  });
}

test.each(["torchio", "monai"] as const)("voxels lie where %s resamples, crops and pads them to", (grid) => {
  const ofGrid = cases.filter((each) => each.grid === grid);
  expect(ofGrid).toHaveLength(60);
  for (const each of ofGrid) {
    const found = placesOf(each);
    const far = each.places.filter((place, index) => !(Math.abs(place - (found[index] ?? Number.NaN)) < 2e-5));
    expect({ ...each, places: far, found }).toEqual({ ...each, places: [], found });
  }
});
