import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import {
  evaluateScores,
  evaluationTable,
  evaluationToJson,
  groupBy,
  groupsToCsv,
  labelsToCsv,
  scoresToCsv,
} from "../../runtime/evaluate/index.ts";

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
  expect(evaluationTable(withGaps)).toBe(`class     present  missing  AUROC  95 %     AP  Brier    ECE
Effusion        1        1  1.000        1.000  0.185  0.350
Unknown         0        3      -            -      -      -

calls from 0.5 on  accuracy  balanced  sensitivity  specificity  precision     F1    MCC
Effusion              0.500     0.500        1.000        0.000      0.500  0.667  0.000
Unknown                   -         -            -            -          -      -      -

over all classes          95 %
mean AUROC         1.000
mean AP            1.000
Brier score        0.185
calibration error  0.350
accuracy           0.500
balanced accuracy  0.500
macro sensitivity  1.000
micro sensitivity  1.000
macro specificity  0.000
micro specificity  0.000
macro precision    0.500
micro precision    0.500
macro F1           0.667
micro F1           0.667
weighted F1        0.667
samples F1         0.500
MCC                0.000

no AUROC
  Unknown  no example has a label for it

3 examples; present from a score of 0.5 on
`);
});

test("the table has a dash for what has no number, and says why below", () => {
  expect(evaluationTable(evaluation)).toBe(`class     present  AUROC  95 %            AP  Brier    ECE
Effusion        1  1.000  1.000–1.000  1.000  0.137  0.300
Never           0      -                   -  0.137  0.300

calls from 0.5 on  accuracy  balanced  sensitivity  specificity  precision     F1    MCC
Effusion              0.667     0.750        1.000        0.500      0.500  0.667  0.500
Never                 0.667         -            -        0.667      0.000  0.000      -

over all classes          95 %
mean AUROC         1.000  1.000–1.000
mean AP            1.000  1.000–1.000
Brier score        0.137  0.010–0.200
calibration error  0.300  0.100–0.400
accuracy           0.667  0.500–1.000
balanced accuracy  0.750  0.500–1.000
macro sensitivity  1.000  1.000–1.000
micro sensitivity  1.000  1.000–1.000
macro specificity  0.583  0.500–0.833
micro specificity  0.600  0.500–1.000
macro precision    0.250  0.000–0.500
micro precision    0.333  0.000–1.000
macro F1           0.333  0.000–0.500
micro F1           0.500  0.000–1.000
weighted F1        0.667  0.500–1.000
samples F1         0.333  0.000–1.000
MCC                0.500  0.000–1.000

no AUROC
  Never  never occurs among 3

resamples without an AUROC, left out of its interval
  Effusion  9

3 examples; present from a score of 0.5 on; intervals from 50 resamples of 3 volumes, seed 1
`);
});

test("the table marks thresholds that were chosen on the volumes it shows, and names scores that tell nothing apart", () => {
  const marked = evaluationTable(
    evaluateScores({
      classes: ["Effusion", "Flat"],
      scores: [
        [0.9, 0.5],
        [0.2, 0.5],
      ],
      labels: [
        [true, false],
        [false, true],
      ],
      threshold: { kind: "youden", on: null },
      bootstrap: null,
    }),
  );
  expect(marked).toContain("calls     threshold *  accuracy");
  expect(marked).toContain("Effusion        0.900     1.000");
  expect(marked).toContain("\nmacro F1 * ");
  expect(marked).toContain("\nmean AUROC  ");
  expect(marked).toContain("the same score for all, which says nothing\n  Flat\n");
  expect(marked).toContain(`2 examples; thresholds chosen by Youden's index on the evaluated volumes themselves
* thresholds were chosen on the labels that they are measured by: numbers at them are higher than on new volumes
`);
});

test("labels and groups are tables of volumes", () => {
  const labels = [
    [true, null],
    [false, true],
  ];
  expect(labelsToCsv(["a", "b"], ["x", "y"], labels)).toBe("VolumeName,x,y\na,1,\nb,0,1\n");
  expect(groupsToCsv(["a", "b", "c"], groupBy("patient", ["p2", "p1", "p2"]))).toBe(
    "VolumeName,Group\na,1\nb,0\nc,1\n",
  );
});
