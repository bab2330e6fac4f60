import { expect, test } from "vitest";
import { smooth, thin } from "../../runtime/report/curves.ts";

const steps = Array.from({ length: 1000 }, (_, step) => ({ step, value: step === 617 ? 50 : step % 5 }));

test("a smoothed constant is that constant from the first step on, and a span of 1 changes nothing", () => {
  const constant = steps.map(({ step }) => ({ step, value: 3 }));
  for (const { value } of smooth(constant, 20)) expect(value).toBeCloseTo(3, 12);
  expect(smooth(steps, 1)).toEqual(steps);
});

test("a smoothed step moves half way within about a third of the span", () => {
  const jump = steps.map(({ step }) => ({ step, value: step < 500 ? 0 : 1 }));
  const reached = smooth(jump, 60).find(({ value }) => value > 0.5);
  expect(reached?.step).toBeGreaterThan(515);
  expect(reached?.step).toBeLessThan(525);
});

test("thinning keeps the extremes and the order of the steps", () => {
  const kept = thin(steps, 50);
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(kept.map(({ value }) => value)).toContain(50);
  expect(kept.map(({ step }) => step)).toEqual(kept.map(({ step }) => step).toSorted((a, b) => a - b));
  expect(thin(steps.slice(0, 90), 50)).toEqual(steps.slice(0, 90));
});
