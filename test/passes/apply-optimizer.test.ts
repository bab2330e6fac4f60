import { expect, test } from "vitest";
import { evaluate } from "../../compiler/ir/evaluate.ts";
import type { Program } from "../../compiler/ir/program.ts";
import type { TensorData } from "../../compiler/ops/index.ts";
import { applyOptimizer } from "../../compiler/passes/apply-optimizer.ts";
import { Small } from "./small-program.ts";
import { specOf } from "./specs.ts";

const { settings } = specOf("specs/medct-small.vlm");
const vector = { dtype: "f32" as const, shape: [2] };

/** A step whose gradient of `w` is given. */
function program(): Program {
  const small = new Small();
  return small.program({ loss: small.total(small.parameter("w", [2])), "gradient:w": small.input("g", [2]) }, "step");
}

function run(step: Program, values: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, number[]> {
  const given = new Map<string, TensorData>();
  for (const [path, data] of Object.entries(values)) given.set(path, { type: vector, data: Float64Array.from(data) });
  const inputs = new Map(given).set("step", { type: { dtype: "i32", shape: [] }, data: Float64Array.of(0) });
  const wanted = new Map([...step.outputs, ...step.updates]);
  const found = evaluate([...wanted.values()], { inputs, parameters: given }, "f64");
  return new Map([...wanted].map(([name, node]) => [name, [...(found.get(node)?.data ?? [])]]));
}

test("descent goes against the gradient, at a rate that the step gives as well", () => {
  const optimizer = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 } as const;
  const schedule = { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null } as const;
  const step = applyOptimizer(program(), { ...settings, optimizer, schedule, learningRate: 0.1 }, new Map());
  expect([...step.updates.keys()]).toEqual(["w"]);
  const results = run(step, { w: [1, 2], g: [10, -10] });
  expect(results.get("learning_rate")?.[0]).toBeCloseTo(0.1, 7);
  expect(results.get("w")?.map((value) => Number(value.toFixed(6)))).toEqual([0, 3]);
});

test("what an optimizer keeps is updated beside each parameter, and the number of the step is read once", () => {
  const optimizer = { kind: "sgd", momentum: 0.5, nesterov: false, weightDecay: 0 } as const;
  const schedule = { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null } as const;
  const once = applyOptimizer(program(), { ...settings, optimizer, schedule, learningRate: 1 }, new Map());
  expect([...once.updates.keys()]).toEqual(["w", "velocity:w"]);
  const results = run(once, { w: [0, 0], g: [1, 2], "velocity:w": [4, 8] });
  expect(results.get("velocity:w")).toEqual([3, 6]);
  expect(results.get("w")).toEqual([-3, -6]);
  const inputs = once.graph.nodes.filter(({ operation }) => operation.op === "input" && operation.name === "step");
  expect(inputs).toHaveLength(1);
});

test("a step that dropout drew for has one input for its number", () => {
  const small = new Small();
  const number = small.input("step", [], "i32");
  const drawn = small.add({ op: "random_uniform", seed: 0, site: 0, shape: [2] }, number);
  const made = small.program({ loss: small.total(drawn), "gradient:w": drawn }, "step");
  const step = applyOptimizer(made, settings, new Map());
  const inputs = step.graph.nodes.filter(({ operation }) => operation.op === "input");
  expect(inputs).toEqual([number]);
});
