import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseThreshold, evaluateScores, type ThresholdRule } from "../../runtime/evaluate/index.ts";

const scores = Float64Array.of(0.9, 0.8, 0.7, 0.6, 0.5, 0.4);
const labels = [true, false, true, true, false, false];

test.each<readonly [ThresholdRule, number]>([
  [{ kind: "youden" }, 0.6],
  [{ kind: "best_f1" }, 0.6],
  [{ kind: "sensitivity", atLeast: 0.3 }, 0.9],
  [{ kind: "sensitivity", atLeast: 0.34 }, 0.7],
  [{ kind: "sensitivity", atLeast: 1 }, 0.6],
])("%o chooses %d", (rule, value) => {
  expect(chooseThreshold(rule, scores, labels)).toEqual({ value });
});

const examples = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(true, false, null)), {
  maxLength: 25,
});

test("no other score gives a larger Youden's index or F1, nor a higher one the sensitivity; and of equal ones it is the highest", () => {
  fc.assert(
    fc.property(examples, fc.constantFrom("youden", "best_f1", "sensitivity"), (drawn, kind) => {
      const rule: ThresholdRule = kind === "sensitivity" ? { kind, atLeast: 0.6 } : { kind };
      const [values, truth] = [Float64Array.from(drawn, ([score]) => score / 7), drawn.map(([, label]) => label)];
      const chosen = chooseThreshold(rule, values, truth);
      if (chosen.value === null) {
        expect(truth.includes(true) && (truth.includes(false) || kind !== "youden")).toBe(false);
        return;
      }
      const known = drawn.flatMap(([score, label]) => (label === null ? [] : [{ score: score / 7, label }]));
      const worth = (threshold: number): number => {
        const of = (label: boolean) => known.filter((each) => each.label === label);
        const [found, wrong] = [true, false].map((label) => of(label).filter(({ score }) => score >= threshold).length);
        if (found === undefined || wrong === undefined) throw new Error("there are two");
        const sensitivity = found / of(true).length;
        if (kind === "sensitivity") return Number(sensitivity >= 0.6);
        return kind === "youden"
          ? found * of(false).length - wrong * of(true).length
          : (2 * found) / (of(true).length + found + wrong);
      };
      for (const { score } of known) {
        if (score > chosen.value) expect(worth(score)).toBeLessThan(worth(chosen.value));
        else expect(worth(score)).toBeLessThanOrEqual(worth(chosen.value));
      }
    }),
  );
});

describe("a class without a threshold says why", () => {
  test.each<readonly [readonly (boolean | null)[], string]>([
    [[false, null, false], "never occurs among 2"],
    [[true, true, null], "occurs in all 2"],
  ])("%o", (truth, why) => {
    expect(chooseThreshold({ kind: "youden" }, Float64Array.of(0.1, 0.2, 0.3), truth)).toEqual({ value: null, why });
  });

  test("it has no number of its calls, and the means are of the others", () => {
    const found = evaluateScores({
      classes: ["common", "rare"],
      scores: [
        [0.9, 0.2],
        [0.2, 0.1],
      ],
      labels: [
        [true, true],
        [false, false],
      ],
      threshold: { kind: "youden", on: "training" },
      chosen: [{ value: 0.5 }, { value: null, why: "never occurs among 7" }],
      bootstrap: null,
    });
    expect(found.classes[1]?.metrics.f1).toEqual({ value: null, why: "no threshold: never occurs among 7" });
    expect(found.classes[1]?.metrics.auroc.value).toBe(1);
    expect(found.overall.macroF1.value).toBe(1);
    expect(found.overall.samplesF1.value).toBe(0.5);
    expect(found.overall.meanAuroc.value).toBe(1);
  });
});

test("thresholds of other volumes are those that calls are made by; of the evaluated ones each class has its own", () => {
  const base = { classes: ["a"], scores: [[0.4], [0.3], [0.2]], labels: [[true], [false], [false]], bootstrap: null };
  const other = evaluateScores({ ...base, threshold: { kind: "youden", on: "training" }, chosen: [{ value: 0.25 }] });
  expect(other.classes[0]).toMatchObject({ threshold: 0.25, truePositives: 1, falsePositives: 1 });
  const own = evaluateScores({ ...base, threshold: { kind: "youden", on: null } });
  expect(own.classes[0]).toMatchObject({ threshold: 0.4, truePositives: 1, falsePositives: 0 });
});
