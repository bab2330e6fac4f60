import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { nodesOf, type Program } from "../../compiler/ir/program.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { applyOptimizer } from "../../compiler/passes/apply-optimizer.ts";
import { clipGradients } from "../../compiler/passes/clip-gradients.ts";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import { averagedBy, readAverages } from "../../compiler/programs/index.ts";
import type { ParameterRule } from "../../compiler/select/index.ts";
import type { Optimizer, Schedule, TrainSettings } from "../../compiler/settings/train.ts";
import { createSource } from "../../grammar/index.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };
const matrix = { dtype: "f32" as const, shape: [1, 2] };
const constant: Schedule = { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null };
const defaults: TrainSettings = {
  optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  learningRate: 0.1,
  schedule: constant,
  batch: 1,
  microBatch: 1,
  epochs: 1,
  evaluateEvery: null,
  saveEvery: null,
  keepBest: null,
  patience: null,
  ema: null,
  clipNorm: null,
  precision: "f32",
  recompute: "none",
  memory: null,
  seed: 0,
};

/** The step of loss = sum(w * w) / 2 over a matrix, whose gradient is w itself. */
function stepOf(settings: Partial<TrainSettings>, rule: Partial<ParameterRule> = {}): Program {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const weight = build.add({ op: "parameter", path: "w", type: matrix });
  const loss = build.mul(build.sum(build.mul(weight, weight), [0, 1], false), 0.5);
  const program = { name: "step", graph, outputs: new Map([["loss", loss]]), updates: new Map(), once: new Map() };
  const whole = { ...defaults, ...settings };
  const rules = new Map([["w", { learningRate: null, weightDecay: null, frozenSteps: 0, frozenEpochs: 0, ...rule }]]);
  return applyOptimizer(clipGradients(differentiate(program, new Set(["w"])), whole, rules), whole, rules);
}

interface Trained {
  readonly weights: readonly number[];
  readonly rates: readonly number[];
  readonly averages: readonly number[];
}

function train(
  settings: Partial<TrainSettings>,
  steps: number,
  from: readonly number[],
  rule: Partial<ParameterRule> = {},
): Trained {
  const program = stepOf(settings, rule);
  const parameters = new Map<string, TensorData>([["w", { type: matrix, data: Float64Array.from(from) }]]);
  for (const path of program.updates.keys()) {
    if (path !== "w") parameters.set(path, { type: matrix, data: new Float64Array(2) });
  }
  const rates: number[] = [];
  for (let step = 0; step < steps; step++) {
    const inputs = new Map([["step", { type: { dtype: "i32" as const, shape: [] }, data: Float64Array.of(step) }]]);
    const values = evaluate([...program.outputs.values(), ...program.updates.values()], { inputs, parameters }, "f64");
    const rate = program.outputs.get("learning_rate");
    rates.push((rate === undefined ? undefined : values.get(rate)?.data[0]) ?? Number.NaN);
    for (const [path, node] of program.updates) {
      const value = values.get(node);
      if (value !== undefined) parameters.set(path, value);
    }
  }
  const [weights, averages] = ["w", "average:w"].map((path) => [...(parameters.get(path)?.data ?? [])]);
  return { weights: weights ?? [], rates, averages: averages ?? [] };
}

/** Adam as the paper writes it, on one number whose gradient is the number itself. */
function adam(start: number, steps: number, optimizer: Optimizer & { readonly kind: "adam" }): number {
  const [beta1, beta2] = optimizer.betas;
  let [weight, mean, square] = [start, 0, 0];
  for (let step = 1; step <= steps; step++) {
    const gradient = weight + (optimizer.decoupled ? 0 : optimizer.weightDecay * weight);
    mean = beta1 * mean + (1 - beta1) * gradient;
    square = beta2 * square + (1 - beta2) * gradient * gradient;
    if (optimizer.decoupled) weight *= 1 - 0.1 * optimizer.weightDecay;
    const change = mean / (1 - beta1 ** step) / (Math.sqrt(square / (1 - beta2 ** step)) + optimizer.epsilon);
    weight -= 0.1 * change;
  }
  return weight;
}

describe("optimizers", () => {
  test.each([true, false])("Adam with decay, decoupled: %s", (decoupled) => {
    const optimizer = {
      kind: "adam" as const,
      decoupled,
      betas: [0.9, 0.99] as const,
      epsilon: 1e-8,
      weightDecay: 0.3,
    };
    const { weights } = train({ optimizer }, 5, [2, -3]);
    expect(weights[0]).toBeCloseTo(adam(2, 5, optimizer), 12);
    expect(weights[1]).toBeCloseTo(adam(-3, 5, optimizer), 12);
  });

  test("SGD with momentum adds velocities up", () => {
    const { weights } = train(
      { optimizer: { kind: "sgd", momentum: 0.5, nesterov: false, weightDecay: 0 } },
      2,
      [1, 0],
    );
    // v1 = 1, w1 = 0.9; v2 = 0.5 + 0.9, w2 = 0.9 - 0.14
    expect(weights[0]).toBeCloseTo(0.76, 12);
  });

  test("plain SGD keeps nothing beside the parameters", () => {
    expect([...stepOf({}).updates.keys()]).toEqual(["w"]);
  });
});

test("gradients are clipped by their norm all together, and short ones stay", () => {
  expect(train({ clipNorm: 1 }, 1, [3, 4]).weights[0]).toBeCloseTo(3 - 0.1 * (3 / 5), 6);
  expect(train({ clipNorm: 1 }, 1, [0.3, 0.4]).weights[0]).toBeCloseTo(0.3 - 0.03, 12);
});

describe("a parameter of a group", () => {
  const adamw = { kind: "adam", decoupled: true, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.1 } as const;

  test("has its own rate, which follows the schedule of all", () => {
    const schedule: Schedule = { ...constant, kind: "linear", steps: 4 };
    const [of] = train({ schedule }, 3, [1, 2], { learningRate: 0.02 }).weights;
    expect(of).toBeCloseTo((1 - 0.02) * (1 - 0.015) * (1 - 0.01), 6);
    expect(train({ schedule }, 3, [1, 2], { learningRate: 0.02 }).rates[0]).toBeCloseTo(0.1, 6);
  });

  test("has its own decay, also where it is none", () => {
    const without = { ...adamw, weightDecay: 0 };
    expect(train({ optimizer: adamw }, 3, [1, 2], { weightDecay: 0 })).toEqual(
      train({ optimizer: without }, 3, [1, 2]),
    );
    expect(train({ optimizer: without }, 3, [1, 2], { weightDecay: 0.1 })).toEqual(
      train({ optimizer: adamw }, 3, [1, 2]),
    );
  });

  test("stays as it is while it is frozen, and is then moved as from the first step on", () => {
    expect(train({ optimizer: adamw }, 3, [1, 2], { frozenSteps: 3 }).weights).toEqual([1, 2]);
    const moved = train({ optimizer: adamw }, 2, [1, 2]).weights;
    expect(train({ optimizer: adamw }, 5, [1, 2], { frozenSteps: 3 }).weights).toEqual(moved);
    const schedule: Schedule = { ...constant, stepsPerEpoch: 2 };
    expect(train({ optimizer: adamw, schedule }, 6, [1, 2], { frozenEpochs: 2 }).weights).toEqual(moved);
    expect(train({ optimizer: adamw, schedule }, 8, [1, 2], { frozenEpochs: 2, frozenSteps: 2 }).weights).toEqual(
      moved,
    );
  });

  test("has no share in the norm of gradients while it is frozen", () => {
    const program = stepOf({ clipNorm: 1 }, { frozenSteps: 2 });
    const norm = program.outputs.get("gradient_norm");
    const parameters = new Map<string, TensorData>([["w", { type: matrix, data: Float64Array.of(3, 4) }]]);
    const norms = [1, 2].map((step) => {
      const inputs = new Map([["step", { type: { dtype: "i32" as const, shape: [] }, data: Float64Array.of(step) }]]);
      return norm === undefined ? null : evaluate([norm], { inputs, parameters }, "f64").get(norm)?.data[0];
    });
    expect(norms).toEqual([0, 5]);
  });
});

describe("the average of a parameter", () => {
  test("starts at its first value and follows its new ones; while it is frozen both stay", () => {
    const seen: number[] = [];
    for (let steps = 1; steps <= 3; steps++) seen.push(train({ ema: 0.75 }, steps, [2, 0]).averages[0] ?? Number.NaN);
    // The weights are 1.8, 1.62 and 1.458.
    const expected = [0.75 * 2 + 0.25 * 1.8];
    for (const weight of [1.62, 1.458]) expected.push(0.75 * (expected.at(-1) ?? 0) + 0.25 * weight);
    for (const [step, average] of seen.entries()) expect(average).toBeCloseTo(expected[step] ?? Number.NaN, 12);
    expect(train({ ema: 0.75 }, 3, [1, 2], { frozenSteps: 3 }).averages).toEqual([1, 2]);
  });

  test("is read by encoders in the place of the parameter", () => {
    const program = stepOf({ ema: 0.75 });
    expect([...averagedBy([program])]).toEqual(["w"]);
    const read = nodesOf(readAverages(program, new Set(["w"]))).flatMap(({ operation }) =>
      operation.op === "parameter" ? [operation.path] : [],
    );
    expect(read).not.toContain("w");
    expect([...averagedBy([stepOf({})])]).toEqual([]);
  });
});

describe("schedules", () => {
  const rates = (schedule: Schedule): readonly number[] =>
    train({ schedule }, 6, [1, 1]).rates.map((rate) => Number(rate.toFixed(6)));

  test("constant, after a warm-up", () => {
    expect(rates({ ...constant, warmup: 4 })).toEqual([0.025, 0.05, 0.075, 0.1, 0.1, 0.1]);
  });

  test("constant, after a warm-up of steps and epochs", () => {
    const expected = [0.02, 0.04, 0.06, 0.08, 0.1, 0.1];
    expect(rates({ ...constant, warmup: 1, warmupEpochs: 2, stepsPerEpoch: 2 })).toEqual(expected);
  });

  test("linear falls to 0 at the last step", () => {
    expect(rates({ ...constant, kind: "linear", steps: 5 })).toEqual([0.1, 0.08, 0.06, 0.04, 0.02, 0]);
  });

  test("cosine falls along half a wave", () => {
    const expected = [0, 1, 2, 3, 4, 4].map((step) => Number((0.05 * (1 + Math.cos((Math.PI * step) / 4))).toFixed(6)));
    expect(rates({ ...constant, kind: "cosine", steps: 4 })).toEqual(expected);
  });
});
