import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adapterConfig, expectSameTensors, succeeds } from "../adapters/peft-files.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { floats, relative, tensorOf } from "./peft-fixture.ts";
import { adapterOf, below, caseNamed, cases, libraryOf, specOf, weightsOf, writeCase } from "./peft-prompts-cases.ts";
import { backends, compileSmall, computedBy, inputOf } from "./peft-run.ts";

let folder = "";
beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-peft-prompts-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(cases);

describe.each(backends)("with prompts and prefixes %s gives", (backend) => {
  test.each(names)("PEFT's hidden states of %s within 1e-5, and its gradient within 1e-4", async (name) => {
    const compiled = compileSmall(name, specOf(name));
    const { plan } = compiled;
    const adapter = adapterOf(name).tensors;
    const values = new Map<string, Float32Array>();
    for (const { path: at, checkpoint, shape } of [...plan.parameters, ...plan.buffers]) {
      const found =
        adapter.get(checkpoint) ??
        adapter.get(`base_model.model.${checkpoint}`) ??
        tensorOf(weightsOf(name), checkpoint);
      expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
      values.set(at, floats(found));
    }
    const fed = ["input_ids", "attention_mask"].map((key) => [key, inputOf(tensorOf(below(""), key), "i32")] as const);
    const found = await computedBy(backend, compiled, values, new Map(fed), ["output"]);
    const expected = below(`${name}.`);
    expect(relative(found.outputs.get("output"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
    const trained = plan.parameters.filter((each) => each.ofAdapter).map(({ checkpoint }) => checkpoint);
    expect([...found.gradients.keys()].toSorted()).toEqual(trained.toSorted());
    for (const [key, gradient] of found.gradients) {
      const theirs = tensorOf(expected, key === "prompt_embeddings" ? "grad" : `grad.${key}`);
      expect(relative(gradient, theirs), key).toBeLessThan(1e-4);
    }
  });
});

test.each(names)("PEFT's file of %s is read, and written as PEFT wrote it", async (name) => {
  const { spec, weights } = writeCase(folder, name);
  const out = join(folder, name);
  const theirs = adapterOf(name).folder;
  await succeeds(["export", spec, "--peft", out, "--weights", weights, "--adapter", theirs]);
  expectSameTensors(out, theirs);
  // What PEFT's projection or network gave is stored, and so none is left.
  const isMade = ["projected", "encoded", "recurrent"].includes(name);
  const projection = isMade ? { prefix_projection: false, encoder_hidden_size: 16 } : {};
  const found = adapterConfig(out);
  // PEFT writes the classes of models without a task.
  const expected: Readonly<Record<string, unknown>> = { ...adapterConfig(theirs), ...projection, auto_mapping: null };
  for (const key of Object.keys(found)) expect([key, found[key]]).toEqual([key, expected[key] ?? null]);
});

test.each(names)("%s has the placement of the spec again", async (name) => {
  const { spec } = writeCase(folder, name);
  const { placed, expects } = caseNamed(name);
  const { code, out, err } = await runHere(["adapter", "spec", adapterOf(name).folder, "--for", spec]);
  // How it started is not stored, nor which of its tasks is asked for.
  const stored = placed.replace(/, (?:start = "zero"|task = 1)/, "");
  const lines = [stored, ...(expects === undefined ? [] : [`expect ${expects}`])];
  expect([code, out]).toEqual([0, `${lines.join("\n")}\n`]);
  expect(err).toBe(`these lines need import "std/${libraryOf(placed)}"\n`);
});

describe("an adapter of the last modules with a name", () => {
  test("has no file of PEFT's where others are without it", async () => {
    const { spec, weights } = writeCase(folder, "adaption");
    writeFileSync(spec, readFileSync(spec, "utf8").replaceAll("layers[1..]", "layers[..2]"));
    const { code, err } = await runHere(["export", spec, "--peft", join(folder, "first"), "--weights", weights]);
    expect([code, err]).toEqual([1, expect.stringContaining("here `layers.2.self_attn` is without it")]);
  });

  test("is refused where its config counts others than its file has", () => {
    const { spec, weights } = writeCase(folder, "adaption");
    const theirs = adapterOf("adaption").folder;
    const into = mkdtempSync(join(folder, "count-"));
    copyFileSync(join(theirs, "adapter_model.safetensors"), join(into, "adapter_model.safetensors"));
    writeFileSync(join(into, "adapter_config.json"), JSON.stringify({ ...adapterConfig(theirs), adapter_layers: 3 }));
    const read = medctc(["adapter", "spec", into, "--for", spec]);
    expect([read.code, read.err]).toEqual([1, expect.stringContaining("`adapter_layers` is 3, but the file has 2")]);
    const given = ["--weights", weights, "--adapter", into];
    const used = medctc(["export", spec, "--peft", join(folder, "counted"), ...given]);
    expect([used.code, used.err]).toEqual([1, expect.stringContaining("has `adapter_layers` 3")]);
  });
});
