import { expect, test } from "vitest";
import type { ExpectedMemory } from "../../compiler/index.ts";
import { judgeMemory } from "../../runtime/app/engine/judge-memory.ts";

const gibibyte = 1024 ** 3;
const expected: ExpectedMemory = {
  recompute: "none",
  precision: "f32",
  title: "TensorFlow",
  processBytes: gibibyte,
  variableBytes: 2 * gibibyte,
  tensorBytes: 5 * gibibyte,
  peakBytes: 8 * gibibyte,
  at: "matmul in vision",
};

test("what fits is one line", () => {
  expect(judgeMemory(expected, 23 * gibibyte)).toEqual({
    kind: "ok",
    value: { line: "expected peak 8.00 GiB of 23.0 GiB available", warning: null },
  });
});

test("what may not fit is a warning that says what to use instead", () => {
  const wide = judgeMemory(expected, 6 * gibibyte);
  expect(wide).toMatchObject({ value: { line: "expected peak 8.00 GiB of 6.00 GiB available" } });
  expect(JSON.stringify(wide)).toContain("`recompute = layers`");
  const lean = judgeMemory({ ...expected, recompute: "layers", precision: "bf16" }, 6 * gibibyte);
  const warning = "the run may run out of memory; use a smaller `batch`";
  expect(lean).toMatchObject({ value: { warning } });
});

test("weights that do not fit are refused, with the next step", () => {
  expect(judgeMemory(expected, 2.5 * gibibyte)).toMatchObject({
    kind: "failed",
    problem: { message: "the weights and TensorFlow need 3.00 GiB, and 2.50 GiB are available" },
  });
});
