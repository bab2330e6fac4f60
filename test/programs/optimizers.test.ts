import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { runProgram, type TensorData } from "../../compiler/index.ts";
import { applyOptimizer } from "../../compiler/passes/apply-optimizer.ts";
import { numbersKept } from "../../compiler/programs/index.ts";
import type { Optimizer } from "../../compiler/settings/index.ts";
import { at } from "../../runtime/at.ts";
import { Small } from "../passes/small-program.ts";
import { specOf } from "../passes/specs.ts";

const rows = v.array(v.array(v.number()));
const record = v.object({
  shape: v.array(v.number()),
  before: v.array(v.number()),
  gradients: rows,
  after: rows,
});
const cases = v.parse(
  v.record(v.string(), v.record(v.string(), record)),
  JSON.parse(readFileSync("test/fixtures/optimizers/cases.json", "utf8")),
);

/** What the fixture was made with. */
const optimizers: Readonly<Record<string, Optimizer>> = {
  adafactor: { kind: "adafactor", beta2Decay: -0.8, epsilons: [2 ** -23, 1e-3], clip: 1, weightDecay: 0.1 },
  "adafactor-clipped": { kind: "adafactor", beta2Decay: -0.5, epsilons: [1e-4, 0.1], clip: 1.5, weightDecay: 0.1 },
  lion: { kind: "lion", betas: [0.9, 0.99], weightDecay: 0.1 },
  nesterov: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  adamw: { kind: "adam", decoupled: true, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.1 },
};

const { settings } = specOf("specs/medct-small.vlm");
const schedule = { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null } as const;
const rule = { learningRate: null, weightDecay: 0.1, frozenSteps: 0, frozenEpochs: 0 };

/** The values after each step with given gradients, and the numbers that are kept. */
function train(optimizer: Optimizer, { shape, before, gradients }: v.InferOutput<typeof record>) {
  const small = new Small();
  const weight = small.parameter("w", shape);
  const given = { loss: small.total(weight), "gradient:w": small.input("g", shape) };
  const made = small.program(given, "step");
  const step = applyOptimizer(made, { ...settings, optimizer, schedule, learningRate: 0.05 }, new Map([["w", rule]]));
  const type = { dtype: "f32", shape } as const;
  const parameters = new Map<string, TensorData>([["w", { type, data: Float64Array.from(before) }]]);
  let kept = 0;
  for (const [path, { type }] of step.updates) {
    if (path === "w") continue;
    const size = type.shape.reduce((product, length) => product * length, 1);
    parameters.set(path, { type, data: new Float64Array(size) });
    kept += size;
  }
  const after = gradients.map((gradient, number) => {
    const inputs = new Map<string, TensorData>([
      ["g", { type, data: Float64Array.from(gradient) }],
      ["step", { type: { dtype: "i32", shape: [] }, data: Float64Array.of(number) }],
    ]);
    const results = runProgram(step, { inputs, parameters }, "f64");
    for (const path of step.updates.keys()) {
      const value = results.get(path);
      if (value !== undefined) parameters.set(path, value);
    }
    return [...(parameters.get("w")?.data ?? [])];
  });
  return { after, kept };
}

describe.each(Object.entries(optimizers))("%s", (name, optimizer) => {
  test.each(Object.entries(cases[name] ?? {}))("is PyTorch's over twelve steps: %s", (_, record) => {
    const { after, kept } = train(optimizer, record);
    expect(after).toHaveLength(12);
    for (const [step, values] of after.entries()) {
      for (const [place, value] of values.entries()) {
        expect(Math.abs(value - at(at(record.after, step), place))).toBeLessThan(1e-6);
      }
    }
    expect(numbersKept({ optimizer, ema: null }, record.shape)).toBe(kept);
    expect(numbersKept({ optimizer, ema: 0.9 }, record.shape)).toBe(kept + record.before.length);
  });
});
