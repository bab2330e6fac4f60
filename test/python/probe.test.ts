import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { groupBy, probeScores } from "../../runtime/evaluate/index.ts";
import { bendingOf, productsOf } from "../../runtime/evaluate/probe/bending.ts";
import { fitLogistic } from "../../runtime/evaluate/probe/logistic.ts";
import { unstopped, unwatched } from "../evaluate/unwatched.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-probe-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("probes are scikit-learn's: coefficients of single fits, and probabilities of the whole nested choice on the same folds", async () => {
  const python = pythonWith("scikit-learn==1.7.2", ["numpy", "scikit-learn==1.7.2"]);
  const random = new Random(21);
  const fits = [0.01, 0.1, 1, 10, 100].flatMap((strength) => [
    fitOne(random, strength, 60, 3),
    fitOne(random, strength, 40, 50),
  ]);
  const nested = [await probeOne(random, 150, 12, 5), await probeOne(random, 90, 120, 3)];
  const file = join(folder, "cases.json");
  writeFileSync(file, JSON.stringify({ fits, nested }));
  check(python, "check_probe.py", file);
});

/** Features with something in common, and labels that follow from the first. */
function draw(random: Random, count: number, width: number) {
  const noise = () => (random.below(2001) + random.below(2001) + random.below(2001)) / 1000 - 3;
  const latents = Array.from({ length: count }, () => {
    const shared = noise();
    // The last feature never changes.
    return Float32Array.from({ length: width }, (_, place) =>
      place === width - 1 ? 0.1 : shared / (1 + place) + noise() / 4,
    );
  });
  return { latents, first: latents.map((latent) => at(latent, 0) + noise() / 2) };
}

function fitOne(random: Random, strength: number, count: number, width: number) {
  const { latents, first } = draw(random, count, width);
  const features = { values: Float64Array.from(latents.flatMap((latent) => [...latent])), width };
  const present = Float64Array.from(first, (value) => Number(value > 0.5));
  const rows = Int32Array.from(latents.keys());
  const bending = bendingOf(productsOf(features), width, count, strength);
  const start = new Float64Array(width + 1);
  const coefficients = fitLogistic({ features, rows, present }, strength, 1e-20, start, bending);
  return {
    strength,
    latents: latents.map((latent) => [...latent]),
    present: [...present],
    coefficients: [...coefficients],
  };
}

async function probeOne(random: Random, count: number, width: number, folds: number) {
  const { latents, first } = draw(random, count, width);
  const labels = first.map((value) => [
    value > 0.3,
    random.below(4) === 0 ? null : value < -0.6,
    random.below(3) === 0,
  ]);
  const groups = groupBy(
    "patient",
    latents.map(() => `p${random.below(count / 2)}`),
  );
  const strengths = [1, 0.01, 100, 0.1, 10];
  const probed = await unstopped(probeScores({ latents, labels, groups }, { folds, strengths }, unwatched));
  const scores = probed.scores.map((row) => [...row]);
  return {
    latents: latents.map((latent) => [...latent]),
    labels,
    strengths,
    ...probed,
    scores,
    folds: [...probed.folds],
  };
}
