import { expect, test } from "vitest";
import type { ExpectedMemory } from "../../compiler/index.ts";
import { judgeMemory, MemoryError } from "../../runtime/memory/index.ts";

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
    line: "expected peak 8.00 GiB of 23.0 GiB available",
    warning: null,
  });
});

test("what may not fit is a warning that says what helps", () => {
  const { line, warning } = judgeMemory(expected, 6 * gibibyte);
  expect(line).toBe("expected peak 8.00 GiB of 6.00 GiB available");
  expect(warning).toContain("`recompute = layers`");
  expect(judgeMemory({ ...expected, recompute: "layers", precision: "bf16" }, 6 * gibibyte).warning).toBe(
    "the run may end for want of memory; what helps: a smaller `batch`",
  );
});

test("weights that do not fit are refused, with the next step", () => {
  const judge = (): unknown => judgeMemory(expected, 2.5 * gibibyte);
  expect(judge).toThrow(MemoryError);
  expect(judge).toThrow("the weights and TensorFlow need 3.00 GiB, and 2.50 GiB are available");
});
