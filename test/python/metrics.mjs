import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, run } from "./environment.mjs";

const packages = ["numpy", "scikit-learn==1.7.2"];
const cases = 1000;

/** scikit-learn gives the numbers of made-up data sets with ties, classes that never or always occur, and few examples. */
await prepare();
const python = pythonWith("scikit-learn==1.7.2", packages);
const folder = mkdtempSync(join(tmpdir(), "medctc-metrics-"));
try {
  const { evaluateScores, Random } = await load(folder);
  const random = new Random(11);
  const made = Array.from({ length: cases }, () => {
    const scored = makeUp(random);
    return { ...scored, evaluation: evaluateScores({ ...scored, bootstrap: null }) };
  });
  const file = join(folder, "cases.json");
  writeFileSync(file, JSON.stringify(made));
  run(python, [join(root, "test/python/check_metrics.py"), file], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}

async function load(into) {
  const module = join(into, "evaluate.mjs");
  await build({
    stdin: {
      contents: `
        export { evaluateScores } from "./runtime/evaluate/results.ts";
        export { Random } from "./test/random.ts";
      `,
      resolveDir: root,
      loader: "ts",
    },
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  return import(pathToFileURL(module).href);
}

/** Two to six classes; few different scores in half of the data sets, so that ties are many. */
function makeUp(random) {
  const examples = 1 + random.below(40);
  const classes = Array.from({ length: 2 + random.below(5) }, (_, index) => `class ${index}`);
  const different = random.below(2) === 0 ? 1 + random.below(8) : 2 ** 30;
  const occurs = classes.map(() => random.below(5) / 4);
  const labels = Array.from({ length: examples }, () => occurs.map((share) => random.below(1000) < share * 1000));
  const scores = labels.map((row) => row.map(() => random.below(different) / different));
  return { classes, labels, scores, threshold: random.below(3) / 2 || 0.25 };
}
