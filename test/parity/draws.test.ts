import { expect, test } from "vitest";
import { buildProgram, type TensorData } from "../../compiler/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { backends, compileSmall } from "./peft-run.ts";

const text = `
model m {
  param gain: f32[] = ones
  let z = normal(2, [400, 30])
  let u = uniform(0.5, [400, 30])
  loss gain * mean(z)
  metric deviation = sqrt(mean(z * z))
  metric largest = max(u, axis = [0, 1])
  metric smallest = min(u, axis = [0, 1])
}
`;

test.each(backends)(
  "on %s numbers are drawn of their distributions, follow from the step, and are none in evaluation",
  async (name) => {
    const backend = backendNamed(name);
    const { spec } = compileSmall("m", text);
    const run = async (program: "forward" | "step", step: number) => {
      const built = buildProgram(spec, program);
      if (backend === null || backend.load().kind !== "ready" || built === null) throw new Error(`${name} runs it`);
      const count: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(step) };
      const inputs = new Map(program === "step" ? [["step", count]] : []);
      const piecesOf = () => [Float32Array.of(1)];
      const model = modelOf(spec, [backend.optimise(built, spec)]);
      const found = await runOnce(backend, model, { inputs, piecesOf, state: new Map() });
      return (output: string) => found.get(output)?.data[0] ?? Number.NaN;
    };
    const first = await run("step", 5);
    expect(first("metric:deviation")).toBeCloseTo(2, 1);
    expect(Math.abs(first("metric:largest") - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(first("metric:smallest") + 0.5)).toBeLessThan(0.01);
    expect((await run("step", 5))("loss")).toBe(first("loss"));
    expect((await run("step", 6))("loss")).not.toBe(first("loss"));
    expect(first("loss")).not.toBe(0);
    expect((await run("forward", 0))("loss")).toBe(0);
  },
);
