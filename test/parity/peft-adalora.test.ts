import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adapterConfig, expectMerged, expectSameTensors, succeeds } from "../adapters/peft-files.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { below, fixture, placements, specOf, weightsOf, writeCase } from "./peft-adalora-cases.ts";
import { floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import { backends, compileSmall, computedBy, expectGradients, inputOf } from "./peft-run.ts";

const names = Object.keys(placements);

let folder = "";
beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-peft-adalora-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A spec of the fixture's case, with the options that name its weights and PEFT's adapter. */
function given(name: string, placed = placements[name] ?? []) {
  const { spec, weights } = writeCase(folder, name, placed);
  return { spec, weights, options: ["--weights", weights, "--adapter", join(fixture, name)] };
}

describe.each(backends)("with AdaLoRA %s gives", (backend) => {
  test.each(names)("PEFT's output of %s, its loss with the regularisation, and the gradients of that", async (name) => {
    const [network = "", kind = ""] = name.split("-");
    const compiled = compileSmall(name, specOf(name));
    const adapter = readTensors(`${fixture}/${name}/adapter_model.safetensors`);
    const values = new Map<string, Float32Array>();
    for (const { path, checkpoint, shape, ofAdapter } of compiled.plan.parameters) {
      const own = ofAdapter ? `base_model.model.${checkpoint}` : checkpoint;
      const found = tensorOf(ofAdapter ? adapter : weightsOf(network), own);
      expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
      values.set(path, floats(found));
    }
    const inputs = new Map([["x", inputOf(tensorOf(below(`${network}.`), "x"))]]);
    const found = await computedBy(backend, compiled, values, inputs, ["logits"]);
    const expected = below(`${network}.${kind}.`);
    expect(relative(found.outputs.get("logits"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
    expect(relative(found.loss, tensorOf(expected, "loss"))).toBeLessThan(1e-5);
    expectGradients(found.gradients, expected);
  });
});

describe("PEFT's files of AdaLoRA", () => {
  test.each(names)(
    "%s are read, and written again with the same tensors and as many rows in their masks",
    async (name) => {
      const { spec, options } = given(name);
      const out = join(folder, `${name}-again`);
      await succeeds(["export", spec, "--peft", out, ...options]);
      // Tensors without elements say nothing, and are not written.
      expectSameTensors(out, join(fixture, name), 0, "filled");
      const [config, other] = [adapterConfig(out), adapterConfig(join(fixture, name))];
      for (const key of ["peft_type", "init_r", "lora_alpha"]) expect([key, config[key]]).toEqual([key, other[key]]);
      expect(keptRows(config["rank_pattern"])).toEqual(keptRows(other["rank_pattern"]));
    },
  );

  test.each(names)("%s become the weights that PEFT merges them into", async (name) => {
    const { spec, options, weights } = given(name);
    const out = join(folder, `${name}-merged.safetensors`);
    await succeeds(["adapter", "merge", spec, ...options, "-o", out]);
    expectMerged(out, weights, below(`${name.replace("-", ".")}.merged.`));
  });

  test("of another initial rank are refused: the scale depends on it", () => {
    const placed = (placements["pair-ranks"] ?? []).map((line) => line.replace("initial = 4", "initial = 5"));
    const { spec, options } = given("pair-ranks", placed);
    const run = medctc(["adapter", "merge", spec, ...options, "-o", join(folder, "refused.safetensors")]);
    expect([run.code, run.err]).toEqual([1, expect.stringMatching(/has `init_r` 4.*has 5/s)]);
  });
});

/** How many rows of how many each mask keeps. */
function keptRows(pattern: unknown): Readonly<Record<string, readonly number[]>> | null {
  if (typeof pattern !== "object" || pattern === null) return null;
  return Object.fromEntries(
    Object.entries(pattern).map(([key, mask]: readonly [string, unknown]) => [
      key,
      Array.isArray(mask) ? [mask.filter((each) => each === true).length, mask.length] : [],
    ]),
  );
}
