import { describe, expect, test } from "vitest";
import { buildProgram, compileSpec, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf } from "../../runtime/weights/index.ts";
import { below, fixture, given, ownMatrix, placements, readTensors, relative, specOf } from "./peft-attention-cases.ts";

function compiledCase(name: string) {
  const [network = ""] = name.split("-");
  const path = `specs/${name}.vlm`;
  const text = specOf(network, placements[name] ?? []);
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), { precision: "f32" });
  expect(compiled.diagnostics.flatMap(({ severity, message }) => (severity === "error" ? [message] : []))).toEqual([]);
  const { spec, plan } = compiled;
  if (spec === null || plan === null) throw new Error("the spec compiles");
  const values = new Map<string, Float32Array>();
  for (const [key, each] of readTensors(given(network, "weights")))
    values.set(key, Float32Array.from(elementsOf(each)));
  for (const [key, each] of readTensors(`${fixture}/${name}/adapter_model.safetensors`)) {
    const own = ownMatrix(key);
    values.set(
      own.name,
      Float32Array.from(elementsOf(each), (value) => own.times * value),
    );
  }
  const byPath = new Map(
    [...plan.parameters, ...plan.buffers].map(({ path: at, checkpoint }) => {
      const found = values.get(checkpoint);
      if (found === undefined) throw new Error(`the fixture has ${checkpoint}`);
      return [at, found] as const;
    }),
  );
  const inputs = new Map<string, TensorData>(
    [...readTensors(given(network, "batch"))].map(([key, each]) => [
      key,
      {
        type: { dtype: each.dtype === "I64" ? "i32" : "f32", shape: each.shape },
        data: Float32Array.from(elementsOf(each)),
      },
    ]),
  );
  return { spec, plan, values: byPath, inputs, expected: below(`${name}.`) };
}

describe.each(["evaluator", "tensorflow", "onnx"] as const)("with adapters of attentions %s gives", (backendName) => {
  test.each(Object.keys(placements))(
    "PEFT's latents of %s within 1e-5, and its gradients within 1e-4",
    async (name) => {
      const { spec, plan, values, inputs, expected } = compiledCase(name);
      const backend = backendNamed(backendName);
      if (backend === null || backend.load().kind !== "ready") throw new Error(`${backendName} is there`);
      const run = async (program: "forward" | "step", fed: ReadonlyMap<string, TensorData>) => {
        const built = buildProgram(spec, program, program === "forward" ? ["picture", "caption"] : []);
        if (built === null) throw new Error("the model has a loss");
        const model = modelOf(spec, [backend.optimise(built, spec)]);
        const piecesOf = (at: string): Iterable<Float32Array> => [values.get(at) ?? new Float32Array()];
        return await runOnce(backend, model, { inputs: fed, piecesOf, state: new Map() });
      };
      const wanted = (key: string) => {
        const found = expected.get(key);
        if (found === undefined) throw new Error(`the fixture has ${key}`);
        return found;
      };
      const forward = await run("forward", inputs);
      expect(relative(forward.get("picture")?.data, wanted("image"))).toBeLessThan(1e-5);
      expect(relative(forward.get("caption")?.data, wanted("text"))).toBeLessThan(1e-5);
      const step = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) } as const;
      const found = await run("step", new Map<string, TensorData>([...inputs, ["step", step]]));
      expect(relative(found.get("loss")?.data, wanted("loss"))).toBeLessThan(1e-5);
      const trained = plan.parameters.filter(({ trainable }) => trainable);
      const gradients = [...expected].filter(([key]) => key.startsWith("exact."));
      expect(gradients).toHaveLength(trained.length);
      for (const [key, exact] of gradients) {
        const own = ownMatrix(key.slice("exact.".length));
        const at = trained.find(({ checkpoint }) => checkpoint === own.name)?.path;
        const gradient = found.get(`gradient:${at}`)?.data;
        // By a matrix that has twice PEFT's values, what depends on it changes half as fast.
        expect(relative(gradient, exact, 1 / own.times), key).toBeLessThan(1e-4);
        // PEFT's own gradients count once what it adds twice.
        const counted = key.includes(".base_layer.out_proj.") ? 2 : 1;
        const peft = wanted(key.replace("exact.", "grad."));
        expect(relative(gradient, peft, counted / own.times), key).toBeLessThan(1e-4);
      }
    },
  );
});
