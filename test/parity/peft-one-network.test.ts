import { describe, expect, test } from "vitest";
import { floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import * as parameters from "./peft-parameters-cases.ts";
import { backends, compileSmall, computedBy, expectGradients } from "./peft-run.ts";
import * as tables from "./peft-tables-cases.ts";

describe.each([
  ["tables", tables],
  ["parameters", parameters],
])("with adapters of %s", (_, { fixture, placements, specOf, below, weights, ownName, inputs, ownValues }) => {
  function compiledCase(name: string) {
    const compiled = compileSmall(name, specOf(placements[name] ?? []));
    const adapter = [...readTensors(`${fixture}/${name}/adapter_model.safetensors`)];
    const stored = new Map(adapter.map(([key, each]) => [ownName(key, name), each]));
    const values = new Map(
      compiled.plan.parameters.map(({ path: at, checkpoint, shape }) => {
        const found = stored.get(checkpoint) ?? tensorOf(weights, checkpoint);
        expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
        return [at, ownValues(checkpoint, floats(found))] as const;
      }),
    );
    return { compiled, values, expected: below(`${name}.`) };
  }

  describe.each(backends)("%s gives", (backend) => {
    test.each(Object.keys(placements))(
      "PEFT's output of %s within 1e-5, and its gradients within 1e-4",
      async (name) => {
        const { compiled, values, expected } = compiledCase(name);
        const found = await computedBy(backend, compiled, values, inputs(), ["logits"]);
        expect(relative(found.outputs.get("logits"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
        expectGradients(found.gradients, expected, (key) => ownName(key, name));
      },
    );
  });
});
