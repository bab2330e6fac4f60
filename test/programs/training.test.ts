import { describe, expect, test } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Program } from "../../compiler/ir/program.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { applyOptimizer } from "../../compiler/passes/apply-optimizer.ts";
import { clipGradients } from "../../compiler/passes/clip-gradients.ts";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import type { Optimizer, Schedule, TrainSettings } from "../../compiler/settings/train.ts";
import { createSource } from "../../grammar/index.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };
const matrix = { dtype: "f32" as const, shape: [1, 2] };
const constant: Schedule = { kind: "constant", warmup: 0, steps: null };
const defaults: TrainSettings = {
  optimizer: { kind: "sgd", momentum: 0, weightDecay: 0 },
  learningRate: 0.1,
  schedule: constant,
  batch: 1,
  microBatch: 1,
  epochs: 1,
  evaluateEvery: null,
  saveEvery: null,
  clipNorm: null,
  precision: "f32",
  recompute: "none",
  memory: null,
  seed: 0,
};

/** The step of loss = sum(w * w) / 2 over a matrix, whose gradient is w itself. */
function stepOf(settings: Partial<TrainSettings>): Program {
  const graph = new Graph();
  const build = new Builder(graph, origin);
  const weight = build.add({ op: "parameter", path: "w", type: matrix });
  const loss = build.mul(build.sum(build.mul(weight, weight), [0, 1], false), 0.5);
  const program = { name: "step", graph, outputs: new Map([["loss", loss]]), updates: new Map(), once: new Map() };
  const whole = { ...defaults, ...settings };
  return applyOptimizer(clipGradients(differentiate(program, new Set(["w"])), whole.clipNorm), whole);
}

interface Trained {
  readonly weights: readonly number[];
  readonly rates: readonly number[];
}

function train(settings: Partial<TrainSettings>, steps: number, from: readonly number[]): Trained {
  const program = stepOf(settings);
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
  return { weights: [...(parameters.get("w")?.data ?? [])], rates };
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
    const { weights } = train({ optimizer: { kind: "sgd", momentum: 0.5, weightDecay: 0 } }, 2, [1, 0]);
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

describe("schedules", () => {
  const rates = (schedule: Schedule): readonly number[] =>
    train({ schedule }, 6, [1, 1]).rates.map((rate) => Number(rate.toFixed(6)));

  test("constant, after a warm-up", () => {
    expect(rates({ kind: "constant", warmup: 4, steps: null })).toEqual([0.025, 0.05, 0.075, 0.1, 0.1, 0.1]);
  });

  test("linear falls to 0 at the last step", () => {
    expect(rates({ kind: "linear", warmup: 0, steps: 5 })).toEqual([0.1, 0.08, 0.06, 0.04, 0.02, 0]);
  });

  test("cosine falls along half a wave", () => {
    const expected = [0, 1, 2, 3, 4, 4].map((step) => Number((0.05 * (1 + Math.cos((Math.PI * step) / 4))).toFixed(6)));
    expect(rates({ kind: "cosine", warmup: 0, steps: 4 })).toEqual(expected);
  });
});
