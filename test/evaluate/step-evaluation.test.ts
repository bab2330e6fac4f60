import { expect, test } from "vitest";
import { bestBy } from "../../compiler/index.ts";
import { readEvalSettings } from "../../compiler/settings/index.ts";
import { createSource, parse } from "../../grammar/index.ts";
import { decodeScores, encodeScores, type KeptScores } from "../../runtime/evaluate/kept-scores.ts";
import { overallMetrics, specMetrics } from "../../runtime/evaluate/metrics/index.ts";
import { evaluateScores } from "../../runtime/evaluate/results.ts";
import { decodeStepEvaluation, encodeStepEvaluation, numberOf } from "../../runtime/evaluate/step-evaluation.ts";

const scores: KeptScores = {
  classes: ["Nodule"],
  names: ["v"],
  scores: [[0.1 + 0.2]],
  labels: [[true]],
  threshold: { kind: "fixed", value: 0.5 },
  bootstrap: { resamples: 70, seed: 3 },
};
const values = new Map([
  ["loss", 0.1 + 0.2],
  ["loss/contrastive", Number.MIN_VALUE],
  ["__proto__", Number.NaN],
]);
const loss = { examples: 6, values };

test.each([
  { scores, loss },
  { scores, loss: null },
  { scores: null, loss },
])("scores and losses come back to the last bit, whichever are there", (kept) => {
  const text = encodeStepEvaluation(kept);
  expect(decodeStepEvaluation(text)).toEqual(kept);
  // What reads scores alone, as a sweep does, has them too.
  expect(decodeScores(text)).toEqual(kept.scores);
});

test("without a loss the text is that of the scores", () => {
  expect(encodeStepEvaluation({ scores, loss: null })).toBe(encodeScores(scores));
});

test.each([
  "",
  "null",
  "{}",
  '{"validation": {"examples": 0, "values": []}}',
  '{"validation": {"examples": 6, "values": {"loss": 1}}}',
  '{"validation": {"examples": 6, "values": [["loss", "1"]]}}',
])("%s is no such text", (text) => {
  expect(decodeStepEvaluation(text)).toBeNull();
});

const classes = ["a", "b", "c"];
const evaluated = {
  classes,
  scores: [
    [0.91, 0.22, 0.63],
    [0.44, 0.71, 0.12],
    [0.55, 0.35, 0.84],
    [0.58, 0.51, 0.33],
    [0.72, 0.05, 0.45],
    [0.31, 0.66, 0.95],
    [0.62, 0.77, 0.09],
  ],
  labels: [
    [true, false, true],
    [false, true, false],
    [true, true, false],
    [false, false, false],
    [true, false, true],
    [true, true, true],
    [false, false, false],
  ],
};

/**
 * What scikit-learn 1.7.2 makes of these scores and of what is at least 0.5, and which values `keep_best` takes for the better;
 * NumPy's bins of Guo et al. for the calibration error.
 */
const references = [
  ["mean_auroc", 0.6944444444444445, "maximize"],
  ["mean_average_precision", 0.7291005291005291, "maximize"],
  ["brier", 0.21354761904761907, "minimize"],
  ["calibration_error", 0.35380952380952374, "minimize"],
  ["accuracy", 0.6190476190476191, "maximize"],
  ["balanced_accuracy", 0.611111111111111, "maximize"],
  ["macro_sensitivity", 0.6944444444444443, "maximize"],
  ["micro_sensitivity", 0.7, "maximize"],
  ["macro_specificity", 0.5277777777777778, "maximize"],
  ["micro_specificity", 0.5454545454545454, "maximize"],
  ["macro_precision", 0.5888888888888889, "maximize"],
  ["micro_precision", 0.5833333333333334, "maximize"],
  ["macro_f1", 0.6349206349206349, "maximize"],
  ["micro_f1", 0.6363636363636364, "maximize"],
  ["weighted_f1", 0.638095238095238, "maximize"],
  ["samples_f1", 0.5666666666666667, "maximize"],
  ["mcc", 0.22487347541695368, "maximize"],
] as const;

test.each(references)(
  "`keep_best = %s` is scikit-learn's number, and knows which values are better",
  (name, value, direction) => {
    const { settings } = readEvalSettings(
      parse(createSource("m.vlm", `eval { classes = ["a", "b", "c"], tasks = [classify(logits)] }`)).file,
      ["logits"],
    );
    const by = bestBy({ name, direction: null }, { evaluation: settings, lossNames: [], metrics: new Map() });
    if (by === null) throw new Error("it is a number of an evaluation");
    expect(by).toEqual({ kind: "scores", name, metric: name, direction });
    const scored = evaluateScores({ ...evaluated, bootstrap: null });
    expect(numberOf({ scored, loss: null }, by)).toBeCloseTo(value, 12);
  },
);

test("every number over all classes can tell the best checkpoint", () => {
  expect(references.map(([name]) => specMetrics[name])).toEqual(overallMetrics.map(([name]) => name));
});
