import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Evaluation, evaluateScores, type Metric } from "../../runtime/evaluate/index.ts";

interface Reference {
  readonly classes: readonly string[];
  readonly labels: readonly (readonly number[])[];
  readonly scores: readonly (readonly number[])[];
  readonly auroc: readonly (number | null)[];
  readonly mean_auroc_over_defined: number;
  readonly accuracy_flat: number;
  readonly macro_f1: number;
  readonly micro_f1: number;
  readonly macro_precision: number;
}

function isReference(value: unknown): value is Reference {
  return typeof value === "object" && value !== null && "mean_auroc_over_defined" in value;
}

function readReference(): Reference {
  const read: unknown = JSON.parse(readFileSync("test/fixtures/ctrate-small/metrics.json", "utf8"));
  if (!isReference(read)) throw new Error("the fixture is not what it was");
  return read;
}

/** One class, without intervals. */
function evaluateOne(scores: readonly number[], labels: readonly boolean[], threshold = 0.5): Evaluation {
  return evaluateScores({
    classes: ["a"],
    scores: scores.map((score) => [score]),
    labels: labels.map((label) => [label]),
    threshold: { kind: "fixed", value: threshold },
    bootstrap: null,
  });
}

function aurocOf({ classes: [first] }: Evaluation): Metric {
  if (first === undefined) throw new Error("there is a class");
  return first.metrics.auroc;
}

/** The share of pairs in which the example with the class has the higher score; ties are half a pair. */
function aurocByPairs(scores: readonly number[], labels: readonly boolean[]): number | null {
  let pairs = 0;
  let ordered = 0;
  for (const [i, high] of scores.entries()) {
    for (const [j, low] of scores.entries()) {
      if (labels[i] !== true || labels[j] !== false) continue;
      pairs++;
      ordered += high > low ? 1 : high === low ? 0.5 : 0;
    }
  }
  return pairs === 0 ? null : ordered / pairs;
}

/** Few different scores, so that ties are the rule. */
const tiedExamples = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { maxLength: 30 });

test("every number is scikit-learn's to 1e-12 on scores with ties and a class that never occurs", () => {
  const reference = readReference();
  const { classes, overall } = evaluateScores({
    classes: reference.classes,
    scores: reference.scores,
    labels: reference.labels.map((row) => row.map((label) => label === 1)),
    bootstrap: null,
  });
  for (const [index, expected] of reference.auroc.entries()) {
    const found = classes[index]?.metrics.auroc.value;
    if (expected === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(expected, 12);
  }
  expect(overall.meanAuroc.value).toBeCloseTo(reference.mean_auroc_over_defined, 12);
  expect(overall.accuracy.value).toBeCloseTo(reference.accuracy_flat, 12);
  expect(overall.macroF1.value).toBeCloseTo(reference.macro_f1, 12);
  expect(overall.microF1.value).toBeCloseTo(reference.micro_f1, 12);
  expect(overall.macroPrecision.value).toBeCloseTo(reference.macro_precision, 12);
});

test("an AUROC is the share of ordered pairs, to the last bit", () => {
  fc.assert(
    fc.property(tiedExamples, (examples) => {
      const scores = examples.map(([score]) => score / 7);
      const labels = examples.map(([, label]) => label);
      expect(aurocOf(evaluateOne(scores, labels)).value).toBe(aurocByPairs(scores, labels));
    }),
  );
});

test("an AUROC does not change with the order of the examples, and turns around with the labels", () => {
  fc.assert(
    fc.property(tiedExamples, (examples) => {
      const scores = examples.map(([score]) => score / 7);
      const labels = examples.map(([, label]) => label);
      const found = aurocOf(evaluateOne(scores, labels)).value;
      expect(aurocOf(evaluateOne(scores.toReversed(), labels.toReversed())).value).toBe(found);
      const turned = aurocOf(
        evaluateOne(
          scores,
          labels.map((label) => !label),
        ),
      ).value;
      if (found === null) expect(turned).toBeNull();
      else expect(turned).toBeCloseTo(1 - found, 12);
    }),
  );
});

test("accuracy, precision and F1 are what counting calls one by one gives", () => {
  fc.assert(
    fc.property(tiedExamples, fc.integer({ min: 0, max: 7 }), (examples, step) => {
      fc.pre(examples.length > 0);
      const threshold = step / 7;
      const calls = examples.map(([score, label]) => ({ called: score / 7 >= threshold, label }));
      const count = (called: boolean, label: boolean): number =>
        calls.filter((call) => call.called === called && call.label === label).length;
      const { classes, overall } = evaluateOne(
        examples.map(([score]) => score / 7),
        examples.map(([, label]) => label),
        threshold,
      );
      const called = count(true, true) + count(true, false);
      const either = called + count(false, true);
      expect(classes[0]?.metrics.accuracy.value).toBe((count(true, true) + count(false, false)) / calls.length);
      expect(classes[0]?.metrics.precision.value).toBe(called === 0 ? 0 : count(true, true) / called);
      expect(classes[0]?.metrics.f1.value).toBe(
        either === 0 ? 0 : (2 * count(true, true)) / (either + count(true, true)),
      );
      expect(overall.microF1.value).toBe(classes[0]?.metrics.f1.value);
      expect(overall.macroPrecision.value).toBe(classes[0]?.metrics.precision.value);
    }),
  );
});

test("the area under the corners of a ROC curve is the AUROC, and no corner lies on a line between two others", () => {
  fc.assert(
    fc.property(tiedExamples, (examples) => {
      const { classes } = evaluateOne(
        examples.map(([score]) => score / 7),
        examples.map(([, label]) => label),
      );
      const [one] = classes;
      if (one === undefined || one.metrics.auroc.value === null) {
        expect(one?.roc).toEqual([]);
        return;
      }
      let twiceArea = 0;
      for (const [index, { falsePositives, truePositives }] of one.roc.entries()) {
        const before = one.roc[index - 1];
        const after = one.roc[index + 1];
        if (before === undefined) continue;
        twiceArea += (falsePositives - before.falsePositives) * (truePositives + before.truePositives);
        if (after === undefined) continue;
        const along = (truePositives - before.truePositives) * (after.falsePositives - falsePositives);
        expect(along).not.toBe((falsePositives - before.falsePositives) * (after.truePositives - truePositives));
      }
      expect(twiceArea / (2 * one.present * one.absent)).toBeCloseTo(one.metrics.auroc.value, 12);
      expect(one.roc.at(0)).toEqual({ threshold: null, falsePositives: 0, truePositives: 0 });
      expect(one.roc.at(-1)).toMatchObject({ falsePositives: one.absent, truePositives: one.present });
    }),
  );
});

describe("what has no number says why", () => {
  test("a class that never occurs", () => {
    const { classes, overall } = evaluateOne([0.2, 0.7], [false, false]);
    expect(classes[0]?.metrics.auroc).toEqual({ value: null, why: "never occurs among 2" });
    expect(classes[0]?.metrics.f1.value).toBe(0);
    expect(overall.meanAuroc).toEqual({ value: null, why: "no class has an AUROC" });
  });

  test("a class that always occurs", () => {
    expect(aurocOf(evaluateOne([0.2, 0.7, 0.1], [true, true, true]))).toEqual({ value: null, why: "occurs in all 3" });
  });

  test("one example has an accuracy and no AUROC", () => {
    const { classes, overall } = evaluateOne([0.9], [true]);
    expect(classes[0]?.metrics.auroc).toEqual({ value: null, why: "occurs in all 1" });
    expect(classes[0]?.metrics.accuracy.value).toBe(1);
    expect(overall.microF1.value).toBe(1);
  });

  test("no examples and no classes", () => {
    const none = evaluateScores({ classes: ["a"], scores: [], labels: [] });
    expect(none.classes[0]?.metrics.f1).toEqual({ value: null, why: "there are no examples" });
    expect(none.overall.accuracy).toEqual({ value: null, why: "there are no examples" });
    const bare = evaluateScores({ classes: [], scores: [[], []], labels: [[], []] });
    expect(bare.overall.macroF1).toEqual({ value: null, why: "there are no classes" });
  });

  test("scores that are not finite leave neither the class nor the whole a number", () => {
    const { classes, overall } = evaluateScores({
      classes: ["sound", "broken"],
      scores: [
        [0.2, Number.NaN],
        [0.7, 0.3],
      ],
      labels: [
        [false, true],
        [true, false],
      ],
    });
    expect(classes[0]?.metrics.auroc.value).toBe(1);
    expect(classes[1]?.metrics.auroc).toEqual({ value: null, why: "1 of 2 scores are not finite numbers" });
    expect(overall.meanAuroc).toEqual({ value: null, why: "broken: 1 of 2 scores are not finite numbers" });
    expect(overall.accuracy.value).toBeNull();
  });

  test("scores of another shape than the labels are refused", () => {
    expect(() => evaluateScores({ classes: ["a"], scores: [[0.1, 0.2]], labels: [[true]] })).toThrow("a column");
    expect(() => evaluateScores({ classes: ["a"], scores: [[0.1]], labels: [] })).toThrow("a column");
  });
});

test("scores that are all one number are a coin toss", () => {
  const { classes } = evaluateOne([0.5, 0.5, 0.5], [true, false, true]);
  expect(classes[0]?.metrics.auroc.value).toBe(0.5);
  expect(classes[0]?.roc).toHaveLength(2);
  expect(classes[0]).toMatchObject({ truePositives: 2, falsePositives: 1 });
});

test("32-bit scores at the threshold are called present", () => {
  const { classes } = evaluateScores({
    classes: ["a"],
    scores: [Float32Array.of(0.5), Float32Array.of(0.4999)],
    labels: [[true], [false]],
  });
  expect(classes[0]).toMatchObject({ truePositives: 1, falsePositives: 0 });
});
