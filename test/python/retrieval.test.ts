import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { evaluateRetrieval } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-retrieval-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("ranks and mean average precision are scikit-learn's, with ties and several volumes of one report", () => {
  const python = pythonWith("scikit-learn==1.7.2", ["numpy", "scikit-learn==1.7.2"]);
  const random = new Random(31);
  const cases = Array.from({ length: 40 }, () => drawCase(random));
  const file = join(folder, "cases.json");
  writeFileSync(file, JSON.stringify(cases));
  check(python, "check_retrieval.py", file);
});

/** Latents along one axis or two, whose cosines are exact, so that ties are ties in any order of summing; or of many different values. */
function drawCase(random: Random) {
  const count = 2 + random.below(60);
  const hasTies = random.below(2) === 0;
  const latent = () => {
    if (!hasTies) return Float32Array.from({ length: 8 }, () => (random.below(2001) - 1000) / 1000);
    const values = new Float32Array(4);
    values[random.below(4)] = random.pick([1, -1]);
    return values;
  };
  const images = Array.from({ length: count }, latent);
  const reports = images.map((image) => (random.below(3) === 0 ? image : latent()));
  const texts = images.map(() => String(random.below(1 + random.below(2 * count))));
  const recallAt = [1, 2, count];
  const labels = images.map(() => []);
  const found = evaluateRetrieval({ images, reports, texts, labels }, { recallAt, mapAt: [], bootstrap: null });
  return {
    ...{ images: images.map((each) => [...each]), reports: reports.map((each) => [...each]), texts, recallAt },
    found: [found.reportToImage, found.imageToReport].map(({ recall, ranks, medianRank, meanAveragePrecision }) => ({
      ...{ ranks, medianRank: medianRank.value, meanAveragePrecision: meanAveragePrecision.value },
      recall: recallAt.map((_, index) => at(recall, index).recall.value),
    })),
  };
}
