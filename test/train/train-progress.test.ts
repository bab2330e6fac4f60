import { describe, expect, test } from "vitest";
import { describeProgress, StepClock, type TrainingProgress } from "../../runtime/train/train-progress.ts";

const progress: TrainingProgress = {
  step: 120,
  steps: 2400,
  loss: 0.69312,
  metrics: new Map(),
  stepSeconds: 1.25,
  batch: 8,
  residentBytes: 2.14 * 2 ** 30,
};

describe("a line about a training", () => {
  test("metrics stand behind the loss, as far as the line has room for them", () => {
    const metrics = new Map([
      ["loss/siglip", 0.51234],
      ["a_metric_with_a_name_that_is_too_long", 1],
      ["top1", 0.25],
    ]);
    const line = describeProgress({ ...progress, metrics, stepSeconds: null });
    expect(line).toBe("step 120/2400, loss 0.6931, siglip 0.512, top1 0.250, 2.1 GiB");
  });

  test("has the step of how many, the loss, the speed, the time left and the memory", () => {
    expect(describeProgress(progress)).toBe("step 120/2400, loss 0.6931, 1.25 s/step, 6.40/s, 48 min left, 2.1 GiB");
  });

  test("says nothing of speed and time before they are known", () => {
    expect(describeProgress({ ...progress, stepSeconds: null })).toBe("step 120/2400, loss 0.6931, 2.1 GiB");
  });

  test("shows a loss that is no number", () => {
    expect(describeProgress({ ...progress, loss: Number.NaN })).toContain("loss NaN, ");
  });

  test.each<[number, number, string]>([
    [2399, 30, "30.0 s/step, 0.267/s, 30 s left"],
    [2400, 0, "0.00 s/step, -/s, 0 s left"],
    [0, 0.0375, "0.0375 s/step, 213/s, 2 min left"],
    [0, 30, "30.0 s/step, 0.267/s, 20 h left"],
    [0, 5, "5.00 s/step, 1.60/s, 3.3 h left"],
    [0, 130, "130 s/step, 0.0615/s, 3.6 d left"],
  ])("after %i steps of %d s each says %s", (step, stepSeconds, expected) => {
    expect(describeProgress({ ...progress, step, stepSeconds })).toContain(`, ${expected}, `);
  });

  test("fits a terminal of 80 columns, with the dots behind it, also when its numbers are large", () => {
    const large = { step: 123_456, steps: 1_000_000, stepSeconds: 12.3456, batch: 4096, residentBytes: 900 * 2 ** 30 };
    const line = describeProgress({ ...progress, ...large });
    expect(line).toBe("step 123456/1000000, loss 0.6931, 12.3 s/step, 332/s, 125 d left, 900.0 GiB");
    expect(`${line} ...`.length).toBeLessThan(80);
  });
});

describe("the time of a step", () => {
  function middleOf(...seconds: readonly number[]): number | null {
    const clock = new StepClock();
    for (const each of seconds) clock.add(each);
    return clock.stepSeconds();
  }

  test("is not said before there are three", () => {
    expect([middleOf(), middleOf(60), middleOf(60, 1)]).toEqual([null, null, null]);
  });

  test("is that in the middle, which a slow first step does not change", () => {
    expect([middleOf(60, 1, 2), middleOf(60, 1, 3, 2), middleOf(1, 1, 1, 1, 90)]).toEqual([2, 2.5, 1]);
  });

  test("is of the last steps alone", () => {
    expect(middleOf(...Array.from({ length: 100 }, () => 1), ...Array.from({ length: 31 }, () => 5))).toBe(5);
  });
});
