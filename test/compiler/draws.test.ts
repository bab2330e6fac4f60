import { expect, test } from "vitest";
import { buildProgram, buildStep, compileSpec, runProgram, type TensorData } from "../../compiler/index.ts";
import { nodesOf } from "../../compiler/ir/index.ts";
import { optimise } from "../../compiler/passes/index.ts";
import { sampleDropout } from "../../compiler/passes/lower-draws.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function compiled(body: string) {
  const text = `
model m {
  param gain: f32[] = ones
  ${body}
}
`;
  const { spec, diagnostics } = compileSpec(
    createSource("specs/m.vlm", text),
    new SpecLibrary("specs/std", "specs/m.vlm"),
  );
  return { spec, messages: diagnostics.map(({ message }) => message) };
}

function specOf(body: string) {
  const { spec, messages } = compiled(body);
  expect(messages).toEqual([]);
  const step = spec === null ? null : buildStep(spec);
  if (spec === null || step === null) throw new Error("the spec compiles");
  return { spec, step };
}

const one: TensorData = { type: { dtype: "f32", shape: [] }, data: Float64Array.of(1) };

const many = `
  let z = normal(2, [300, 20])
  let u = uniform(0.5, [300, 20])
  let again = normal(2, [300, 20])
  loss gain * mean(z)
  metric deviation = sqrt(mean(z * z))
  metric center = mean(z)
  metric largest = max(u, axis = [0, 1])
  metric smallest = min(u, axis = [0, 1])
  metric both = mean(z * again)
  metric level = mean(u)
`;

test("in training numbers are drawn of their distribution, each call's by itself, and others in another step", () => {
  const { step } = specOf(many);
  const at = (number: number, seed = 3) => {
    const count: TensorData = { type: { dtype: "i32", shape: [] }, data: Float64Array.of(number) };
    const given = { inputs: new Map([["step", count]]), parameters: new Map([["gain", one]]) };
    const results = runProgram(sampleDropout(step, seed), given, "f64");
    return (name: string) => results.get(`metric:${name}`)?.data[0] ?? Number.NaN;
  };
  const first = at(5);
  expect(first("deviation")).toBeCloseTo(2, 1);
  expect(first("center")).toBeCloseTo(0, 1);
  expect(Math.abs(first("both"))).toBeLessThan(0.2);
  expect([first("largest") < 0.5, first("largest") > 0.49]).toEqual([true, true]);
  expect([first("smallest") >= -0.5, first("smallest") < -0.49]).toEqual([true, true]);
  expect(first("level")).toBeCloseTo(0, 1);
  expect(at(5)("deviation")).toBe(first("deviation"));
  expect(at(6)("deviation")).not.toBe(first("deviation"));
  expect(at(5, 4)("deviation")).not.toBe(first("deviation"));
});

test("elsewhere nothing remains of draws, nor of what is multiplied by them", () => {
  const { spec } = specOf(`
  let x = exp(gain * ones([3]))
  let drawn = uniform(0.5, [3]) + 0.5
  let logistic = log(drawn) - log(1 - drawn)
  let y = x + exp(1000 * x) * normal(1, [3]) + logistic
  loss mean(y)
`);
  const built = buildProgram(spec, "forward");
  if (built === null) throw new Error("there is a forward");
  const forward = optimise(built, spec, { last: "lower-draws" });
  const result = runProgram(forward, { inputs: new Map(), parameters: new Map([["gain", one]]) }, "f64");
  expect(result.get("loss")?.data[0]).toBeCloseTo(Math.E, 12);
  expect(nodesOf(forward).filter(({ operation }) => operation.op === "exp")).toHaveLength(1);
});

test.each([
  ["normal(-1, [3])", "`normal`: its standard deviation -1 is negative"],
  ["uniform(-0.5, [3])", "`uniform`: its bound -0.5 is negative"],
  ["normal(1, [-3])", "`sizes` of `normal` must be a list of sizes, but is [-3]"],
])("%s is refused", (call, message) => {
  expect(compiled(`loss gain * mean(${call})`).messages).toEqual([message]);
});
