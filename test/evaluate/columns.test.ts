import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { evaluatedColumns, labelColumns, unevaluatedClasses } from "../../compiler/index.ts";
import { evaluateScores, scoresOfColumns } from "../../runtime/evaluate/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";

/** What CT-CLIP's own `evaluate_external` gives, as make.py beside it says. */
const expected = v.parse(
  v.object({ volumes: v.number(), aurocs: v.record(v.string(), v.number()) }),
  JSON.parse(readFileSync("test/fixtures/ctclip-external/expected.json", "utf8")),
);

test("the reference spec of RAD-ChestCT merges classes as CT-CLIP's own code does: its AUROC of each of the 16 labels", () => {
  const { spec, diagnostics } = compilePath("specs/ctclip/rad-chestct.vlm");
  expect(diagnostics).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  const { classes } = spec.evaluation;
  const columns = evaluatedColumns(spec.evaluation);
  expect([classes.length, columns.length]).toEqual([18, 16]);
  expect(unevaluatedClasses(spec.evaluation)).toEqual(["Mosaic attenuation pattern"]);

  const draw = drawer();
  const volumes = Array.from({ length: expected.volumes });
  const scores = volumes.map(() => classes.map(() => Math.round(draw() * 1000) / 1000));
  const labels = volumes.map(() => columns.map((_, place) => draw() < 0.1 + 0.05 * place));
  const { classes: measured } = evaluateScores({
    classes: labelColumns(spec.evaluation),
    scores: scoresOfColumns(scores, classes, columns),
    labels,
    bootstrap: null,
  });
  const theirs = Object.entries(expected.aurocs);
  expect(measured.map(({ name }) => name)).toEqual(labelColumns(spec.evaluation));
  for (const [place, { metrics, name }] of measured.entries()) {
    const [column = "", auroc = Number.NaN] = theirs[place] ?? [];
    // CT-CLIP's code names a label by the first class that it takes the scores of.
    expect(columns[place]?.of[0], name).toBe(classes[Number(column.replace("column ", ""))]);
    expect(metrics.auroc.value).toBeCloseTo(auroc, 12);
  }
  expect(theirs).toHaveLength(16);
});

test("a column has the largest of its classes' scores, whatever their order, and classes by themselves keep theirs", () => {
  const classes = ["a", "b", "c"];
  const scores = [
    [0.1, 0.7, 0.3],
    [0.9, 0.2, 0.95],
  ];
  const columns = [
    { name: "all", of: ["c", "a", "b"] },
    { name: "b", of: ["b"] },
    { name: "some", of: ["a", "b"] },
  ];
  const rows = (found: readonly Float64Array[]) => found.map((row) => [...row]);
  expect(rows(scoresOfColumns(scores, classes, columns))).toEqual([
    [0.7, 0.7, 0.7],
    [0.95, 0.2, 0.9],
  ]);
  expect(rows(scoresOfColumns(scores, classes, evaluatedColumns({ classes, columns: null })))).toEqual(scores);
});

/** The numbers of make.py's generator. */
function drawer(): () => number {
  let state = 12345n;
  return () => {
    state = (1103515245n * state + 12345n) % 2n ** 31n;
    return Number(state) / 2 ** 31;
  };
}
