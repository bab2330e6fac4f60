import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { evaluateScores, evaluationTable, evaluationToJson, scoresToCsv } from "../../runtime/evaluate/index.ts";

const evaluation = evaluateScores({
  classes: ["Effusion", "Never"],
  scores: [
    [0.9, 0.1],
    [0.2, 0.6],
    [0.6, 0.2],
  ],
  labels: [
    [true, false],
    [false, false],
    [false, false],
  ],
  bootstrap: { resamples: 50, seed: 1 },
});

test("an evaluation comes back from JSON as it was, with a class a line", () => {
  const json = evaluationToJson(evaluation);
  expect(JSON.parse(json)).toEqual(evaluation);
  expect(json.split("\n").filter((line) => line.startsWith('    {"name"'))).toHaveLength(2);
  expect(JSON.parse(evaluationToJson(evaluation, ["random"]))).toEqual({ warnings: ["random"], ...evaluation });
  const empty = evaluateScores({ classes: [], scores: [], labels: [] });
  expect(JSON.parse(evaluationToJson(empty))).toEqual(empty);
});

test("scores in a CSV file read the same, names with commas, quotes and line ends included", () => {
  const names = ["a,b", 'say "c"'];
  const scores = [
    [0.1 + 0.2, 1e-20],
    [Math.fround(0.1), 1],
  ];
  const labels = scores.map((row) => row.map(() => true));
  const [header, ...rows] = parse(scoresToCsv(names, ["x\ny", "z"], scores, labels));
  expect(header).toEqual(["VolumeName", "x\ny", "z"]);
  expect(rows.map(([name]) => name)).toEqual(names);
  expect(rows.map((row) => row.slice(1).map(Number))).toEqual(scores);
});

test("a score has an empty cell where there is no label", () => {
  const scores = [
    [0.25, 0.5],
    [0.75, 1],
  ];
  const labels = [
    [null, false],
    [true, null],
  ];
  expect(scoresToCsv(["a", "b"], ["x", "y"], scores, labels)).toBe("VolumeName,x,y\na,,0.5\nb,0.75,\n");
});

test("the table counts missing labels where some are", () => {
  const withGaps = evaluateScores({
    classes: ["Effusion", "Unknown"],
    scores: [
      [0.9, 0.1],
      [0.2, 0.6],
      [0.6, 0.2],
    ],
    labels: [
      [true, null],
      [null, null],
      [false, null],
    ],
    bootstrap: null,
  });
  expect(evaluationTable(withGaps)).toBe(`class     present  missing  AUROC  95 %  accuracy  precision     F1
Effusion        1        1  1.000           0.500      0.500  0.667
Unknown         0        3      -               -          -      -

over all classes         95 %
mean AUROC        1.000
accuracy          0.500
macro F1          0.667
micro F1          0.667
macro precision   0.500
micro precision   0.500

no AUROC
  Unknown  no example has a label for it

3 examples; present from a score of 0.5 on
`);
});

test("the table has a dash for what has no number, and says why below", () => {
  expect(evaluationTable(evaluation)).toBe(`class     present  AUROC  95 %         accuracy  precision     F1
Effusion        1  1.000  1.000–1.000     0.667      0.500  0.667
Never           0      -                  0.667      0.000  0.000

over all classes         95 %
mean AUROC        1.000  1.000–1.000
accuracy          0.667  0.500–1.000
macro F1          0.333  0.000–0.500
micro F1          0.500  0.000–1.000
macro precision   0.250  0.000–0.500
micro precision   0.333  0.000–1.000

no AUROC
  Never  never occurs among 3

resamples without an AUROC, left out of its interval
  Effusion  9

3 examples; present from a score of 0.5 on; intervals from 50 resamples, seed 1
`);
});
