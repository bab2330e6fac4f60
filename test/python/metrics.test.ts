import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { evaluateScores } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";
import { check, pythonWith } from "./environment.ts";

const cases = 1000;
const folder = mkdtempSync(join(tmpdir(), "medctc-metrics-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("metrics are scikit-learn's, with ties, missing labels, classes that never or always occur, and few examples", () => {
  const python = pythonWith("scikit-learn==1.7.2", ["numpy", "scikit-learn==1.7.2"]);
  const random = new Random(11);
  const made = Array.from({ length: cases }, () => {
    const scored = drawScores(random);
    const threshold = { kind: "fixed", value: scored.threshold } as const;
    return { ...scored, evaluation: evaluateScores({ ...scored, threshold, bootstrap: null }) };
  });
  const file = join(folder, "cases.json");
  writeFileSync(file, JSON.stringify(made));
  check(python, "check_metrics.py", file);
});

/** Two or three classes; few different scores in half of the data sets, so that ties are many. */
function drawScores(random: Random) {
  const examples = 1 + random.below(40);
  const classes = Array.from({ length: 2 + random.below(2) }, (_, index) => `class ${index}`);
  const different = random.below(2) === 0 ? 1 + random.below(8) : 2 ** 30;
  const occurs = classes.map(() => random.below(5) / 4);
  // None in half of the data sets, all of a class in some.
  const gaps = classes.map(() => (random.below(2) === 0 ? 0 : random.below(5) / 4));
  const hasGaps = random.below(2) === 0;
  const labels = Array.from({ length: examples }, () =>
    occurs.map((share, column) => {
      if (hasGaps && random.below(1000) < at(gaps, column) * 1000) return null;
      return random.below(1000) < share * 1000;
    }),
  );
  const scores = labels.map((row) => row.map(() => random.below(different) / different));
  return { classes, labels, scores, threshold: random.below(3) / 2 || 0.25 };
}
