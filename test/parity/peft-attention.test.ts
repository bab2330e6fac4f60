import { describe, expect, test } from "vitest";
import { below, fixture, given, ownMatrix, placements, specOf } from "./peft-attention-cases.ts";
import { floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import { backends, compileSmall, computedBy, inputOf } from "./peft-run.ts";

function compiledCase(name: string) {
  const [network = ""] = name.split("-");
  const compiled = compileSmall(name, specOf(network, placements[name] ?? []), "warnings");
  const { plan } = compiled;
  const values = new Map<string, Float32Array>();
  for (const [key, each] of readTensors(given(network, "weights"))) values.set(key, floats(each));
  for (const [key, each] of readTensors(`${fixture}/${name}/adapter_model.safetensors`)) {
    const own = ownMatrix(key);
    values.set(
      own.name,
      floats(each).map((value) => own.times * value),
    );
  }
  const byPath = new Map(
    [...plan.parameters, ...plan.buffers].map(({ path: at, checkpoint }) => {
      const found = values.get(checkpoint);
      if (found === undefined) throw new Error(`the fixture has ${checkpoint}`);
      return [at, found] as const;
    }),
  );
  const inputs = new Map(
    [...readTensors(given(network, "batch"))].map(([key, each]) => [
      key,
      inputOf(each, each.dtype === "I64" ? "i32" : "f32"),
    ]),
  );
  return { compiled, values: byPath, inputs, expected: below(`${name}.`) };
}

describe.each(backends)("with adapters of attentions %s gives", (backend) => {
  test.each(Object.keys(placements))(
    "PEFT's latents of %s within 1e-5, and its gradients within 1e-4",
    async (name) => {
      const { compiled, values, inputs, expected } = compiledCase(name);
      const found = await computedBy(backend, compiled, values, inputs, ["picture", "caption"]);
      expect(relative(found.outputs.get("picture"), tensorOf(expected, "image"))).toBeLessThan(1e-5);
      expect(relative(found.outputs.get("caption"), tensorOf(expected, "text"))).toBeLessThan(1e-5);
      expect(relative(found.loss, tensorOf(expected, "loss"))).toBeLessThan(1e-5);
      const gradients = [...expected].filter(([key]) => key.startsWith("exact."));
      expect(gradients).toHaveLength(found.gradients.size);
      for (const [key, exact] of gradients) {
        const own = ownMatrix(key.slice("exact.".length));
        const gradient = found.gradients.get(own.name);
        // By a matrix that has twice PEFT's values, what depends on it changes half as fast.
        expect(relative(gradient, exact, 1 / own.times), key).toBeLessThan(1e-4);
        // PEFT's own gradients count once what it adds twice.
        const counted = key.includes(".base_layer.out_proj.") ? 2 : 1;
        const peft = tensorOf(expected, key.replace("exact.", "grad."));
        expect(relative(gradient, peft, counted / own.times), key).toBeLessThan(1e-4);
      }
    },
  );
});
