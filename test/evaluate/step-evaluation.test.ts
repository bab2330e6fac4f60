import { expect, test } from "vitest";
import { decodeScores, encodeScores, type KeptScores } from "../../runtime/evaluate/kept-scores.ts";
import { decodeStepEvaluation, encodeStepEvaluation } from "../../runtime/evaluate/step-evaluation.ts";

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
