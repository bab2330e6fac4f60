import fc from "fast-check";
import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { evaluateScores, groupBy } from "../../runtime/evaluate/index.ts";

/** Scores of few values, labels with gaps, and patients, for up to 20 examples of 3 classes. */
const drawn = fc.array(
  fc.record({
    scores: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 3, maxLength: 3 }),
    labels: fc.array(fc.constantFrom(true, false, false, null), { minLength: 3, maxLength: 3 }),
    patient: fc.constantFrom("train_1", "train_2", "train_10", "train_11", "valid_1"),
  }),
  { minLength: 1, maxLength: 20 },
);
type Drawn = typeof drawn extends fc.Arbitrary<infer Value> ? Value : never;

function evaluate(examples: Drawn, classes: readonly number[] = [0, 1, 2]) {
  return evaluateScores({
    classes: classes.map((index) => `class ${index}`),
    scores: examples.map(({ scores }) => classes.map((index) => at(scores, index) / 7)),
    labels: examples.map(({ labels }) => classes.map((index) => at(labels, index))),
    threshold: { kind: "youden", on: null },
    groups: groupBy(
      "patient",
      examples.map(({ patient }) => patient),
    ),
    bootstrap: { resamples: 20, seed: 4 },
  });
}

test("the order of examples changes no number and no interval, to the last bit", () => {
  fc.assert(
    fc.property(drawn, fc.array(fc.nat(), { minLength: 20, maxLength: 20 }), (examples, keys) => {
      const shuffled = examples
        .map((example, place) => ({ example, key: at(keys, place) }))
        .sort((a, b) => a.key - b.key)
        .map(({ example }) => example);
      expect(evaluate(shuffled)).toEqual(evaluate(examples));
    }),
  );
});

test("the order of classes changes no number and no interval, to the last bit", () => {
  fc.assert(
    fc.property(drawn, fc.constantFrom([2, 0, 1], [1, 0, 2], [2, 1, 0]), (examples, order) => {
      const [found, turned] = [evaluate(examples), evaluate(examples, order)];
      expect(turned.overall).toEqual(found.overall);
      expect(turned.classes).toEqual(order.map((index) => at(found.classes, index)));
    }),
  );
});

test("scans that are there three times change no interval, because a patient is drawn with all of them", () => {
  fc.assert(
    fc.property(drawn, (examples) => {
      const [once, thrice] = [evaluate(examples), evaluate([...examples, ...examples, ...examples])];
      const intervals = ({ classes, overall }: typeof once) =>
        [
          ...classes.map(({ metrics: { auroc, sensitivity, precision } }) => [auroc, sensitivity, precision]),
          [overall.meanAuroc],
        ].flat();
      expect(intervals(thrice)).toEqual(
        intervals(once).map((metric) => {
          const text = "why" in metric ? metric.why.replace(/\d+$/, (count) => String(3 * Number(count))) : null;
          return text === null ? metric : { ...metric, why: text };
        }),
      );
    }),
  );
});
