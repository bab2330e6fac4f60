import { expect, test } from "vitest";
import { checkSpec, defaultData, type Library } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { openDataset } from "../../runtime/data/index.ts";
import { evaluateScores } from "../../runtime/evaluate/index.ts";
import { readSweep } from "../../runtime/sweep/read-sweep.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "../data/data-folder.ts";
import { Random } from "../random.ts";

/** Sizes that a big project has: what follows a chain by recursion, or looks at all pairs, ends in none of these. */
const moduleText = (name: string): string =>
  `module ${name}() {\n  forward(x: f32[batch, 3]) {\n    return x\n  }\n}\n`;

const count = 10_000;

/** A file of an endless library, and how many of its files were read. */
function endless(text: (name: string) => string): { readonly library: Library; readonly reads: () => number } {
  let reads = 0;
  const library: Library = {
    read: (place) => {
      const name = place.kind === "local" ? place.path : place.name;
      reads++;
      return { kind: "text", text: text(name), name };
    },
    names: () => [],
  };
  return { library, reads: () => reads };
}

test("10,000 imports in one file are refused", () => {
  const { library } = endless((name) => moduleText(name.replace(/\W/g, "_")));
  const imports = Array.from({ length: count }, (_, index) => `import "./m${index}"\n`);
  const found = checkSpec(createSource("main.vlm", imports.join("")), library);
  expect(new Set(found.map(({ code }) => code))).toEqual(new Set(["E208"]));
});

test("files that import the next one without an end are refused", () => {
  const { library, reads } = endless((name) => `import "./m${Number(/\d+/.exec(name)?.[0]) + 1}"\n`);
  const found = checkSpec(createSource("main.vlm", 'import "./m0"\n'), library);
  expect(found.map(({ code }) => code)).toEqual(["E208"]);
  expect(reads()).toBeLessThanOrEqual(500);
});

test("100 classes of 3,000 volumes have their metrics", () => {
  const random = new Random(1);
  const classes = Array.from({ length: 100 }, (_, index) => `class ${index}`);
  const labels = Array.from({ length: 3000 }, () => classes.map(() => random.below(2) === 1));
  // Right in every example, so that the right values are known: of errors 0, of everything else 1.
  const scores = labels.map((row) => row.map((label) => (label ? 1 : 0)));
  const errors: ReadonlySet<string> = new Set(["brier", "calibrationError"]);
  const { overall, examples } = evaluateScores({ classes, labels, scores, bootstrap: null });
  expect(examples).toBe(3000);
  expect(Object.entries(overall).map(([name, { value }]) => [name, value])).toEqual(
    Object.keys(overall).map((name) => [name, errors.has(name) ? 0 : 1]),
  );
});

test("a sweep of 50 entries has them all", () => {
  const ranks = Array.from(
    { length: 50 },
    (_, index) => `  rank-${index + 1}: lora(rank = ${index + 1}) on text.attn.q\n`,
  );
  const read = readSweep(`spec: a.vlm\nsteps: 1\nplacements:\n${ranks.join("")}`);
  expect(read.kind === "ok" ? read.value.entries : []).toHaveLength(50);
});

test("a data set of 3,000 volumes has them all", async () => {
  const names = Array.from({ length: 3000 }, (_, index) => `train_${index + 1}_a_1.nii.gz`);
  const folder = dataFolder({
    ...volumes(...names),
    "metadata.csv": table(metadataHeader, ...names.map((name) => `${name},${plainMetadata}`)),
    "reports.csv": table(reportsHeader, ...names.map((name) => `${name},Clear lungs.,Normal.`)),
  });
  const needs = { files: [null], texts: [null], labels: null, split: "train" } as const;
  const { examples, problems } = await openDataset(folder, defaultData, needs);
  expect([examples.length, problems, examples.at(-1)?.name]).toEqual([3000, [], "train_3000_a_1.nii.gz"]);
});
