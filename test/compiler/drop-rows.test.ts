import { expect, test } from "vitest";
import { buildStep, compileSpec, runProgram } from "../../compiler/index.ts";
import { sampleDropout } from "../../compiler/passes/lower-draws.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const text = `
import "std/dropout"

model m {
  param gain: f32[] = ones
  let kept = drop_rows(ones([400, 2, 3]), 0.25)
  loss gain * mean(kept)
  metric share = mean(where(kept == 0, 0, 1))
  metric uneven = mean(abs(kept - mean(kept, axis = [1, 2], keep = true)))
  metric largest = max(kept, axis = [0, 1, 2])
}
`;

test("drop_rows drops whole rows as often as its rate says, and scales the others", () => {
  const path = "specs/m.vlm";
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(diagnostics).toEqual([]);
  const step = spec === null ? null : buildStep(spec);
  if (spec === null || step === null) throw new Error("the spec compiles");
  const one = new Map([["gain", { type: { dtype: "f32" as const, shape: [] }, data: Float64Array.of(1) }]]);
  const inputs = new Map([["step", { type: { dtype: "i32" as const, shape: [] }, data: Float64Array.of(3) }]]);
  const results = runProgram(sampleDropout(step, 3), { inputs, parameters: one }, "f64");
  const metric = (name: string) => results.get(`metric:${name}`)?.data[0];
  expect(metric("share")).toBeCloseTo(0.75, 1);
  expect(metric("uneven")).toBeCloseTo(0, 12);
  expect(metric("largest")).toBeCloseTo(1 / 0.75, 12);
});
