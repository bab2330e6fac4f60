import { describe, expect, test } from "vitest";
import { buildProgram, compileSpec, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { below, fixture, floats, placements, readTensors, relative, specOf, weightsOf } from "./peft-kinds-cases.ts";

const names = Object.keys(placements);

function compiledCase(name: string) {
  const [network = "", kind = ""] = name.split("-");
  const path = `specs/${name}.vlm`;
  const text = specOf(network, placements[name] ?? []);
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), { precision: "f32" });
  expect(compiled.diagnostics.map(({ message, notes }) => [message, ...notes])).toEqual([]);
  const { spec, plan } = compiled;
  if (spec === null || plan === null) throw new Error("the spec compiles");
  const given = weightsOf(network);
  const stored = new Map(
    [...readTensors(`${fixture}/${name}/adapter_model.safetensors`)].map(([key, each]) => [
      key.replace(/^base_model\.(model\.)?/, ""),
      each,
    ]),
  );
  const values = new Map<string, Float32Array>();
  const read = new Set<string>();
  for (const { path: at, checkpoint, shape, ofAdapter } of [...plan.parameters, ...plan.buffers]) {
    const found = (ofAdapter ? stored : given).get(checkpoint);
    if (found === undefined) throw new Error(`the fixture has ${checkpoint}`);
    expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
    values.set(at, floats(found));
    if (ofAdapter) read.add(checkpoint);
  }
  expect([...read].sort()).toEqual([...stored.keys()].sort());
  return { spec, plan, values, expected: below(`${network}.${kind}.`), x: below(`${network}.`).get("x") };
}

describe.each(["evaluator", "tensorflow", "onnx"] as const)("%s gives", (backendName) => {
  test.each(names)("PEFT's output of %s within 1e-5, and its gradients within 1e-4", async (name) => {
    const { spec, plan, values, expected, x } = compiledCase(name);
    const backend = backendNamed(backendName);
    if (backend === null || x === undefined || backend.load().kind !== "ready")
      throw new Error(`${backendName} is there`);
    const run = async (program: "forward" | "step", inputs: ReadonlyMap<string, TensorData>) => {
      const built = buildProgram(spec, program, program === "forward" ? ["logits"] : []);
      if (built === null) throw new Error("the model has a loss");
      const model = modelOf(spec, [backend.optimise(built, spec)]);
      const piecesOf = (at: string): Iterable<Float32Array> => [values.get(at) ?? new Float32Array()];
      return await runOnce(backend, model, { inputs, piecesOf, state: new Map() });
    };
    const image = { type: { dtype: "f32", shape: x.shape }, data: floats(x) } as const;
    const step = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) } as const;
    const forward = await run("forward", new Map([["x", image]]));
    const output = expected.get("output");
    if (output === undefined) throw new Error("the fixture has an output");
    expect(relative(forward.get("logits")?.data, output)).toBeLessThan(1e-5);
    const found = await run(
      "step",
      new Map<string, TensorData>([
        ["x", image],
        ["step", step],
      ]),
    );
    const trained = plan.parameters.filter(({ trainable }) => trainable);
    const gradients = [...expected].filter(([key]) => key.startsWith("grad."));
    expect(gradients).toHaveLength(trained.length);
    for (const [key, gradient] of gradients) {
      const at = trained.find(({ checkpoint }) => checkpoint === key.slice("grad.".length))?.path;
      expect(relative(found.get(`gradient:${at}`)?.data, gradient), key).toBeLessThan(1e-4);
    }
  });
});
