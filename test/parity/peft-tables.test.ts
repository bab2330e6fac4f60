import { describe, expect, test } from "vitest";
import { buildProgram, compileSpec, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf } from "../../runtime/weights/index.ts";
import { below, fixture, ownName, placements, readTensors, relative, specOf, weights } from "./peft-tables-cases.ts";

function compiledCase(name: string) {
  const path = `specs/${name}.vlm`;
  const text = specOf(placements[name] ?? []);
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), { precision: "f32" });
  expect(compiled.diagnostics.map(({ message }) => message)).toEqual([]);
  const { spec, plan } = compiled;
  if (spec === null || plan === null) throw new Error("the spec compiles");
  const stored = new Map(
    [...readTensors(`${fixture}/${name}/adapter_model.safetensors`)].map(([key, each]) => [ownName(key), each]),
  );
  const values = new Map(
    plan.parameters.map(({ path: at, checkpoint, shape }) => {
      const found = stored.get(checkpoint) ?? weights.get(checkpoint);
      expect([checkpoint, found?.shape]).toEqual([checkpoint, shape]);
      return [at, found === undefined ? new Float32Array() : Float32Array.from(elementsOf(found))] as const;
    }),
  );
  return { spec, plan, values, expected: below(`${name}.`) };
}

describe.each(["evaluator", "tensorflow", "onnx"] as const)("with adapters of tables %s gives", (backendName) => {
  test.each(Object.keys(placements))("PEFT's output of %s within 1e-5, and its gradients within 1e-4", async (name) => {
    const { spec, plan, values, expected } = compiledCase(name);
    const backend = backendNamed(backendName);
    const given = below("input_ids").get("");
    const output = expected.get("output");
    if (backend === null || backend.load().kind !== "ready" || given === undefined || output === undefined)
      throw new Error(`${backendName} and the fixture are there`);
    const run = async (program: "forward" | "step", inputs: ReadonlyMap<string, TensorData>) => {
      const built = buildProgram(spec, program, program === "forward" ? ["logits"] : []);
      if (built === null) throw new Error("the model has a loss");
      const model = modelOf(spec, [backend.optimise(built, spec)]);
      const piecesOf = (at: string): Iterable<Float32Array> => [values.get(at) ?? new Float32Array()];
      return await runOnce(backend, model, { inputs, piecesOf, state: new Map() });
    };
    const ids = { type: { dtype: "i32", shape: given.shape }, data: Float32Array.from(elementsOf(given)) } as const;
    const step = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) } as const;
    const forward = await run("forward", new Map([["input_ids", ids]]));
    expect(relative(forward.get("logits")?.data, output)).toBeLessThan(1e-5);
    const inputs = [["input_ids", ids] as const, ["step", step] as const];
    const found = await run("step", new Map<string, TensorData>(inputs));
    const trained = plan.parameters.filter(({ trainable }) => trainable);
    const gradients = [...expected].filter(([key]) => key.startsWith("grad."));
    expect(gradients).toHaveLength(trained.length);
    for (const [key, gradient] of gradients) {
      const at = trained.find(({ checkpoint }) => checkpoint === ownName(key.slice("grad.".length)))?.path;
      expect(relative(found.get(`gradient:${at}`)?.data, gradient), key).toBeLessThan(1e-4);
    }
  });
});
