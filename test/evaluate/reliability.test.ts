import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import {
  areChances,
  evaluateScores,
  hardestVolumes,
  recallPoints,
  reliabilityBins,
} from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";

/** Scores with ties, on the edges of bins too, and some labels missing. */
function draw(seed: number, volumes: number) {
  const random = new Random(seed);
  const labels = Array.from({ length: volumes }, () => (random.below(9) === 0 ? null : random.below(3) === 0));
  return { labels, scores: Float64Array.from(labels, () => random.below(31) / 30) };
}

test("the bins of a reliability diagram hold each label once, and their distances are the calibration error", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { labels, scores } = draw(seed, 200);
    const bins = reliabilityBins(scores, labels);
    const known = labels.filter((label) => label !== null);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(known.length);
    expect(bins.reduce((sum, { present }) => sum + present, 0)).toBe(known.filter(Boolean).length);
    const error = bins.reduce((sum, { count, present, meanScore }) => {
      return sum + (meanScore === null ? 0 : Math.abs(count * meanScore - present));
    }, 0);
    const { classes } = evaluateScores({
      classes: ["a"],
      scores: Array.from(scores, (score) => [score]),
      labels: labels.map((label) => [label]),
      bootstrap: null,
    });
    expect(error / known.length).toBeCloseTo(at(classes, 0).metrics.calibrationError.value ?? Number.NaN, 12);
    for (const { low, high, count, meanScore } of bins) {
      if (meanScore === null) expect(count).toBe(0);
      else expect(meanScore > low - 1e-12 && meanScore <= high + 1e-12).toBe(true);
    }
  }
});

test("a precision-recall curve has scikit-learn's points", () => {
  // precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), without the point at a recall of 0 and from the highest score on.
  expect(recallPoints(Float64Array.of(0.1, 0.4, 0.35, 0.8), [false, false, true, true])).toEqual([
    { threshold: 0.8, recall: 0.5, precision: 1 },
    { threshold: 0.4, recall: 0.5, precision: 0.5 },
    { threshold: 0.35, recall: 1, precision: 2 / 3 },
    { threshold: 0.1, recall: 1, precision: 0.5 },
  ]);
  expect(recallPoints(Float64Array.of(0.1, 0.4), [false, null])).toEqual([]);
});

test("the area below the steps of a precision-recall curve is the average precision", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { labels, scores } = draw(seed, 100);
    const points = recallPoints(scores, labels);
    const area = points.reduce((sum, { recall, precision }, place) => {
      return sum + (recall - (points[place - 1]?.recall ?? 0)) * precision;
    }, 0);
    const { classes } = evaluateScores({
      classes: ["a"],
      scores: Array.from(scores, (score) => [score]),
      labels: labels.map((label) => [label]),
      bootstrap: null,
    });
    expect(area).toBeCloseTo(at(classes, 0).metrics.averagePrecision.value ?? Number.NaN, 12);
  }
});

test("the hardest volumes have the largest cross-entropy of a class, and name the classes on the wrong side", () => {
  const scores = [
    [0.9, 0.2, 0.4],
    [0.1, 0.5, 0.7],
    [0.3, 1, 0.6],
    [0.5, 0.5, 0.5],
  ];
  const labels = [
    [true, false, true],
    [true, null, true],
    [false, false, false],
    [null, null, null],
  ];
  const found = hardestVolumes(scores, labels, { volumes: 3, classes: 2 });
  expect(found).toEqual([
    {
      volume: 2,
      classes: [
        // Wrong and sure: the loss of the nearest score of 32 bits below 1.
        { place: 1, label: false, loss: 24 * Math.LN2 },
        { place: 2, label: false, loss: -Math.log(0.4) },
      ],
    },
    { volume: 1, classes: [{ place: 0, label: true, loss: -Math.log(0.1) }] },
    { volume: 0, classes: [{ place: 2, label: true, loss: -Math.log(0.4) }] },
  ]);
  expect(hardestVolumes(scores, labels, { volumes: 1, classes: 1 })).toEqual([
    { ...at(found, 0), classes: at(found, 0).classes.slice(0, 1) },
  ]);
});

test("scores with a label from 0 to 1 are chances, and no others", () => {
  expect(
    areChances(
      [
        [0, 7],
        [1, 0.5],
      ],
      [
        [true, null],
        [false, true],
      ],
    ),
  ).toBe(true);
  for (const score of [-0.1, 1.1, Number.NaN]) expect(areChances([[score]], [[true]])).toBe(false);
});
