import { expect, test } from "vitest";
import { clipGradients } from "../../compiler/passes/clip-gradients.ts";
import { resultsOf, Small } from "./small-program.ts";

/** Gradients that are constant: [3, 3, 3] and 4, whose norm together is the root of 43. */
function program() {
  const small = new Small();
  const constant = (value: number, shape: readonly number[]) =>
    small.add({ op: "constant", value, type: { dtype: "f32", shape } });
  return small.program(
    { loss: small.number(1), "gradient:a": constant(3, [3]), "gradient:b": constant(4, []) },
    "step",
  );
}

const norm = Math.sqrt(43);
const schedule = { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null } as const;

test("without a limit the norm of all gradients together is given, and they stay as they are", () => {
  const results = resultsOf(clipGradients(program(), { clipNorm: null, schedule }, new Map()));
  expect(results.get("gradient_norm")?.data[0]).toBeCloseTo(norm, 12);
  expect([...(results.get("gradient:a")?.data ?? [])]).toEqual([3, 3, 3]);
  expect(results.get("loss")?.data[0]).toBe(1);
});

test("above the limit all are scaled by the same number to the norm that is allowed", () => {
  const results = resultsOf(clipGradients(program(), { clipNorm: 2, schedule }, new Map()));
  const [a = Number.NaN] = results.get("gradient:a")?.data ?? [];
  const [b = Number.NaN] = results.get("gradient:b")?.data ?? [];
  expect(a / b).toBeCloseTo(3 / 4, 12);
  // As torch.nn.utils.clip_grad_norm_ has it, with 1e-6 beside the norm.
  expect(Math.sqrt(3 * a * a + b * b)).toBeCloseTo((2 * norm) / (norm + 1e-6), 12);
  expect(results.get("gradient_norm")?.data[0]).toBeCloseTo(norm, 12);
});

test("below the limit nothing is scaled", () => {
  const results = resultsOf(clipGradients(program(), { clipNorm: 10, schedule }, new Map()));
  expect(results.get("gradient:b")?.data[0]).toBe(4);
});
