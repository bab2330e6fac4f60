import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectTime, fitRates, type Rates, timedStep } from "../../compiler/analyses/cost/index.ts";
import { compileSpec, expectStepTime, tensorflowMemory } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const known = { productFlops: { f32: 1e11, bf16: null }, runSeconds: 1e-4 };

function specWith(batch: number) {
  const path = "specs/medct-small.vlm";
  const text = readFileSync(path, "utf8").replace("batch = 3", `batch = ${batch}`);
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

function measured(batch: number, rates: Rates) {
  const spec = specWith(batch);
  const programs = timedStep(spec, tensorflowMemory);
  const seconds = expectStepTime(spec, rates, tensorflowMemory);
  if (programs === null || seconds === null) throw new Error("the spec has a step");
  return { programs, seconds };
}

test("rates by which two steps took their times are found again", () => {
  const rates: Rates = { ...known, bytes: 5e9, operationSeconds: 8e-6 };
  const found = fitRates(measured(1, rates), measured(64, rates), known);
  expect(found.operationSeconds / rates.operationSeconds).toBeCloseTo(1, 2);
  expect(found.bytes / rates.bytes).toBeCloseTo(1, 2);
  expect(found).toMatchObject(known);
});

test("of a small step that took less than its products, operations take nothing besides", () => {
  const rates: Rates = { ...known, bytes: 5e9, operationSeconds: 8e-6 };
  const { programs } = measured(1, rates);
  const found = fitRates({ programs, seconds: 1e-9 }, measured(64, rates), known);
  expect(found.operationSeconds).toBe(0);
  expect(found.bytes).toBeGreaterThan(0);
});

test("a program that runs often in a step takes its time as often", () => {
  const rates: Rates = { ...known, bytes: 5e9, operationSeconds: 8e-6 };
  const { programs, seconds } = measured(1, rates);
  const each = programs.map(({ work, runs }) => runs * expectTime(work, rates));
  expect(each.reduce((sum, one) => sum + one, 0)).toBeCloseTo(seconds, 12);
});
