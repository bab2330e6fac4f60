import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  builtStep,
  checkpointBytes,
  compileSpec,
  type ExchangeRates,
  expectExchangeTime,
  expectProcessBytes,
  expectStepTime,
  expectTimeOf,
  type Rates,
  ratesOfShare,
  type SharedStep,
  shareStep,
  tensorflowMemory,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const rates: Rates = { productFlops: { f32: 1e9, bf16: null }, bytes: 1e9, operationSeconds: 0, runSeconds: 0 };
const path = "specs/medct-small.vlm";

function specWith(settings: string) {
  const text = readFileSync(path, "utf8").replace("batch = 3", settings);
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

function shareOf(settings: string, processes: number): SharedStep {
  const share = shareStep(specWith(settings), processes, tensorflowMemory);
  if (share === null) throw new Error("the spec has a step");
  return share;
}

const secondsOf = ({ programs }: SharedStep): number => expectTimeOf(programs, rates);

test("one process of several computes its rows, in pieces where it has to, and what compares all of them", () => {
  const spec = specWith("batch = 8");
  const whole = expectStepTime(spec, rates, tensorflowMemory, builtStep(spec)) ?? Number.NaN;
  const [two, four] = [shareOf("batch = 8", 2), shareOf("batch = 8", 4)];
  expect([two.rows, four.rows, shareOf("batch = 8", 3).rows, shareOf("batch = 8", 16).rows]).toEqual([4, 2, 3, 1]);
  expect(two.programs.map(({ program, runs }) => [program.name, runs])).toEqual([
    ["compare", 1],
    ["backpropagate", 1],
    ["update", 1],
  ]);
  expect(secondsOf(two) / whole).toBeGreaterThan(0.45);
  expect(secondsOf(two) / whole).toBeLessThan(0.65);
  expect(secondsOf(four)).toBeLessThan(secondsOf(two));
  const pieces = shareOf("batch = 8\n  micro_batch = 2", 2);
  expect(pieces.programs.map(({ program, runs }) => [program.name, runs])).toEqual([
    ["embed", 2],
    ["compare", 1],
    ["backpropagate", 2],
    ["update", 1],
  ]);
  expect(pieces.exchanges).toBe(two.exchanges + 1);
  // A piece has half of the activations.
  expect(expectProcessBytes(pieces)).toBeLessThan(expectProcessBytes(two));
});

test("processes sum the gradients of all parameters, and gather what the loss compares of each row", () => {
  const share = shareOf("batch = 8", 2);
  const { trainable, parameters } = specWith("batch = 8");
  const tensors = parameters.filter(({ path: each }) => trainable.has(each)).length;
  expect(share.sumBytes).toBe(4 * (3584 + tensors));
  // Two latents of 16 numbers; three processes have three rows at most, and gather as many from each.
  expect(share.gatherBytes).toBe(8 * 2 * 16 * 4);
  expect(shareOf("batch = 8", 3).gatherBytes).toBe(9 * 2 * 16 * 4);
});

test("an exchange takes what two processes need, and more of them hand on their parts in a ring", () => {
  const exchange: ExchangeRates = { latencySeconds: 0.5, sumBytes: 100, gatherBytes: 10 };
  const step = { processes: 2, sumBytes: 200, gatherBytes: 30, exchanges: 4 };
  expect(expectExchangeTime(step, exchange)).toBe(4 * 0.5 + 2 + 3);
  expect(expectExchangeTime({ ...step, processes: 4 }, exchange)).toBe(3 * 4 * 0.5 + 1.5 * 5);
});

test("processes that share a processor have their part of its rates each", () => {
  expect(ratesOfShare({ ...rates, productFlops: { f32: 1e9, bf16: 4e9 } }, 2)).toEqual({
    ...rates,
    productFlops: { f32: 5e8, bf16: 2e9 },
    bytes: 5e8,
  });
  expect(ratesOfShare(rates, 1)).toEqual(rates);
});

test("a checkpoint has what is trained, two numbers for each by Adam, and averages", () => {
  expect(checkpointBytes(specWith("batch = 3"))).toBe(3584 * 3 * 4);
  expect(checkpointBytes(specWith("batch = 3\n  ema = 0.9"))).toBe(3584 * 4 * 4);
});
