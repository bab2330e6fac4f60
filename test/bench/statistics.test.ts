import { expect, test } from "vitest";
import { spreadOf } from "../../runtime/bench/index.ts";

test("quartiles lie on the line between two times, as NumPy has them", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ count: 4, medianMs: 2.5, minMs: 1, maxMs: 4, interquartileMs: 1.5 });
});

test("one time is its own median and has no spread", () => {
  expect(spreadOf([7])).toEqual({ count: 1, medianMs: 7, minMs: 7, maxMs: 7, interquartileMs: 0 });
});

test("no time has no median", () => {
  expect(() => spreadOf([])).toThrow("a quantile needs a value");
});
