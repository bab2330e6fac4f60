import { describe, expect, test } from "vitest";
import { below, changeOf, fixture, placements, specOf } from "./peft-conv-cases.ts";
import { floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import { backends, compileSmall, computedBy, expectGradients, inputOf } from "./peft-run.ts";

function compiledCase(name: string) {
  const [network = "", kind = ""] = name.split("-");
  const compiled = compileSmall(name, specOf(network, placements[name] ?? []));
  const { plan } = compiled;
  const given = below(`${network}.`);
  const stored = new Map(
    [...readTensors(`${fixture}/${name}/adapter_model.safetensors`)].map(([key, each]) => [
      key.replace("base_model.model.", "").replace("lora_magnitude_vector", "lora_magnitude_change"),
      each,
    ]),
  );
  const values = new Map<string, Float32Array>();
  for (const { path: at, checkpoint, shape } of [...plan.parameters, ...plan.buffers]) {
    const found = stored.get(checkpoint) ?? tensorOf(given, checkpoint);
    const isLengths = checkpoint.endsWith("lora_magnitude_change");
    if (!isLengths) expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
    const weight = isLengths ? given.get(checkpoint.replace("lora_magnitude_change", "weight")) : undefined;
    values.set(at, weight === undefined ? floats(found) : changeOf(floats(found), floats(weight)));
  }
  return { compiled, values, expected: below(`${network}.${kind}.`), x: tensorOf(given, "x") };
}

describe.each(backends)("with adapters of convolutions %s gives", (backend) => {
  test.each(Object.keys(placements))("PEFT's output of %s within 1e-5, and its gradients within 1e-4", async (name) => {
    const { compiled, values, expected, x } = compiledCase(name);
    const found = await computedBy(backend, compiled, values, new Map([["x", inputOf(x)]]), ["logits"]);
    expect(relative(found.outputs.get("logits"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
    expectGradients(found.gradients, expected, (key) =>
      key.replace("lora_magnitude_vector.weight", "lora_magnitude_change"),
    );
  });
});
