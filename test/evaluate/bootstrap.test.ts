import { expect, test } from "vitest";
import { type Evaluation, evaluateScores } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";

/** Two classes, of which the second is rare, with scores that say something about them. */
function evaluateMadeUp(examples: number, resamples: number, seed: number): Evaluation {
  const random = new Random(5);
  const labels = Array.from({ length: examples }, (_, index) => [random.below(3) === 0, index === 0]);
  const scores = labels.map((row) => row.map((label) => (random.below(100) + (label ? 40 : 0)) / 140));
  return evaluateScores({ classes: ["common", "rare"], scores, labels, bootstrap: { resamples, seed } });
}

test("the same seed gives the same intervals, and another seed others", () => {
  expect(evaluateMadeUp(60, 200, 3)).toEqual(evaluateMadeUp(60, 200, 3));
  expect(evaluateMadeUp(60, 200, 4).overall).not.toEqual(evaluateMadeUp(60, 200, 3).overall);
});

test("the interval of an accuracy is that of a binomial share", () => {
  const examples = 1000;
  const { classes } = evaluateScores({
    classes: ["a"],
    scores: Array.from({ length: examples }, (_, index) => [index < 200 ? 0 : 1]),
    labels: Array.from({ length: examples }, () => [true]),
    bootstrap: { resamples: 4000, seed: 1 },
  });
  const accuracy = classes[0]?.metrics.accuracy;
  if (accuracy === undefined || accuracy.value === null || accuracy.interval === null)
    throw new Error("it is measured");
  const spread = 1.96 * Math.sqrt((0.8 * 0.2) / examples);
  expect(accuracy.interval.low).toBeCloseTo(0.8 - spread, 2);
  expect(accuracy.interval.high).toBeCloseTo(0.8 + spread, 2);
});

test("resamples without an example of a class are left out of its AUROC and of the mean, and counted", () => {
  const { classes, overall } = evaluateMadeUp(60, 1000, 0);
  const [common, rare] = classes.map(({ metrics: { auroc } }) => (auroc.value === null ? null : auroc.interval));
  expect(common?.leftOut).toBe(0);
  // The one example is missing from (59 / 60)^60 of the resamples.
  expect(rare?.leftOut).toBeGreaterThan(300);
  expect(rare?.leftOut).toBeLessThan(430);
  expect(overall.meanAuroc).toMatchObject({ interval: { leftOut: rare?.leftOut } });
});

test("a class without an AUROC changes nothing in the mean's interval", () => {
  const labels = [true, false, true, false, true].map((label) => [label]);
  const scores = [0.9, 0.3, 0.2, 0.4, 0.6].map((score) => [score]);
  const settings = { resamples: 100, seed: 2 };
  const alone = evaluateScores({ classes: ["a"], scores, labels, bootstrap: settings });
  const beside = evaluateScores({
    classes: ["a", "never"],
    scores: scores.map((row) => [...row, 0.5]),
    labels: labels.map((row) => [...row, false]),
    bootstrap: settings,
  });
  expect(beside.overall.meanAuroc).toEqual(alone.overall.meanAuroc);
});

test("without resamples there are numbers and no intervals", () => {
  const { overall, bootstrap } = evaluateScores({ classes: ["a"], scores: [[0.9]], labels: [[true]], bootstrap: null });
  expect(bootstrap).toBeNull();
  expect(overall.accuracy).toEqual({ value: 1, interval: null });
});
