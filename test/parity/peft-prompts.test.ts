import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adapterConfig, expectSameTensors, succeeds } from "../adapters/peft-files.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
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
      const found = adapter.get(checkpoint) ?? tensorOf(weightsOf(name), checkpoint);
      expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
      values.set(at, floats(found));
    }
    const fed = ["input_ids", "attention_mask"].map((key) => [key, inputOf(tensorOf(below(""), key), "i32")] as const);
    const found = await computedBy(backend, compiled, values, new Map(fed), ["output"]);
    const expected = below(`${name}.`);
    expect(relative(found.outputs.get("output"), tensorOf(expected, "output"))).toBeLessThan(1e-5);
    expect([...found.gradients.keys()]).toEqual(["prompt_embeddings"]);
    expect(relative(found.gradients.get("prompt_embeddings"), tensorOf(expected, "grad"))).toBeLessThan(1e-4);
  });
});

test.each(names)("PEFT's file of %s is read, and written as PEFT wrote it", (name) => {
  const { spec, weights } = writeCase(folder, name);
  const out = join(folder, name);
  const theirs = adapterOf(name).folder;
  succeeds(["export", spec, "--peft", out, "--weights", weights, "--adapter", theirs]);
  expectSameTensors(out, theirs);
  // What PEFT's projection or network gave is stored, and so none is left.
  const isMade = ["projected", "encoded", "recurrent"].includes(name);
  const projection = isMade ? { prefix_projection: false, encoder_hidden_size: 16 } : {};
  const found = adapterConfig(out);
  const expected: Readonly<Record<string, unknown>> = { ...adapterConfig(theirs), ...projection };
  for (const key of Object.keys(found)) expect([key, found[key]]).toEqual([key, expected[key] ?? null]);
});

test.each(names)("%s has the placement of the spec again", (name) => {
  const { spec } = writeCase(folder, name);
  const { placed } = caseNamed(name);
  const { code, out, err } = medctc(["adapter", "spec", adapterOf(name).folder, "--for", spec]);
  // How it started is not stored.
  expect([code, out]).toEqual([0, `${placed.replace(', start = "zero"', "")}\n`]);
  expect(err).toBe(`these lines need import "std/${libraryOf(placed)}"\n`);
});
