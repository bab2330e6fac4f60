import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { below, fixture, placements, writeCase } from "../parity/peft-kinds-cases.ts";
import { adapterConfig, adapterTensors, expectMergedAs, expectSameTensors, succeeds } from "./peft-files.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-declared-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);

/** The fields of a config that say what its tensors mean, with lists of modules in one order. */
function meaningOf(path: string): Readonly<Record<string, unknown>> {
  const { auto_mapping, peft_version, init_weights, ...fields } = adapterConfig(path);
  expect([auto_mapping, peft_version, init_weights]).toHaveLength(3);
  const used = Object.entries(fields).filter(([, value]) => {
    if (value === null || value === false || value === 0 || value === "none") return false;
    return typeof value !== "object" || Object.keys(value).length > 0;
  });
  return Object.fromEntries(used.map(([key, value]) => [key, Array.isArray(value) ? value.toSorted() : value]));
}

/** Writes a case whose spec declares the last of the modules before the first. */
function writeReordered(name: string): { readonly spec: string; readonly weights: string } {
  const written = writeCase(folder, name);
  const [first, last] = ["first", "last"].map((part) => `  part ${part} = linear(18, 24)\n`);
  const text = readFileSync(written.spec, "utf8").replace(`${last}`, "").replace(`${first}`, `${last}${first}`);
  writeFileSync(written.spec, text);
  return written;
}

/** An adapter with the name of OFT's tensor, which says nothing of PEFT. */
const turned = `adapter mine() wraps base: linear {
  param angles: f32[base.inputs // 6, 15] = zeros named "oft_R.weight"

  forward(x: f32[..., base.inputs]) {
    return base(x) + mean(angles)
  }
}
`;

describe("adapters whose declarations say what they are in PEFT", () => {
  test.each(names)("%s are written as PEFT wrote them", async (name) => {
    const { spec, weights } = writeCase(folder, name);
    const out = join(folder, `${name}-again`);
    await succeeds(["export", spec, "--peft", out, "--weights", weights, "--adapter", join(fixture, name)]);
    expectSameTensors(out, join(fixture, name));
    expect(meaningOf(out)).toEqual(meaningOf(join(fixture, name)));
  });

  test.each(names)("%s have the placements of the spec again", async (name) => {
    const { spec } = writeCase(folder, name);
    const { code, out, err } = await runHere(["adapter", "spec", join(fixture, name), "--for", spec]);
    expect([code, out.trimEnd().split("\n").toSorted()]).toEqual([
      0,
      // Which of its tasks is asked for is in no file.
      (placements[name] ?? []).map((each) => each.replaceAll(", vision.", ",").replace(", task = 1", "")).toSorted(),
    ]);
    expect(err).toMatch(/^these lines need import "std\/[a-z0-9_]+"\n$/);
  });

  test.each(names)("%s become the weights that PEFT merges them into", async (name) => {
    const [out, changed] = [join(folder, `${name}-merged.safetensors`), below(`${name.replace("-", ".")}.merged.`)];
    await expectMergedAs(out, writeCase(folder, name), join(fixture, name), changed);
  });

  test.each(["pair-norm", "pair-oft", "pair-boft", "pair-beft"])(
    "%s start from what PEFT starts them from",
    async (name) => {
      const { spec, weights } = writeCase(folder, name);
      const out = join(folder, `${name}-first`);
      expect((await runHere(["export", spec, "--peft", out, "--weights", weights])).code).toBe(0);
      const first = adapterTensors(out);
      const expected = below(`${name.replace("-", ".")}.start.`);
      expect(first.size).toBe(expected.size);
      for (const [key, each] of expected)
        expect([...elementsOf(first.get(`base_model.model.${key}`) ?? each)], key).toEqual([...elementsOf(each)]);
    },
  );

  test.each([
    ["another number", "pair-oft", "oft(block = 6, terms = 6)", /has `num_cayley_neumann_terms` 5.*has 6/s],
    ["another type with the same names", "pair-oft", "mine()", /is of the type OFT/],
  ])("%s than the spec's is refused", async (_, name, call, message) => {
    const { spec, weights } = writeCase(folder, name, [`${call} on vision.first, vision.second, vision.last`]);
    if (call === "mine()") writeFileSync(spec, `${readFileSync(spec, "utf8")}\n${turned}`);
    const given = ["--weights", weights, "--adapter", join(fixture, name)];
    const run = await runHere(["export", spec, "--safetensors", join(folder, "refused.safetensors"), ...given]);
    expect([run.code, run.err]).toEqual([1, expect.stringMatching(message)]);
  });

  test("a file of a model with its modules in another order is refused where their numbers count", () => {
    const { spec, weights } = writeReordered("pair-tiny");
    const given = ["--weights", weights, "--adapter", join(fixture, "pair-tiny")];
    const run = medctc(["export", spec, "--safetensors", join(folder, "refused.safetensors"), ...given]);
    expect([run.code, run.err]).toEqual([1, expect.stringContaining("has other numbers in `last.tinylora_P`")]);
  });

  test("a file of such a model is read where it has all that follows from their numbers", async () => {
    const out = join(folder, "reordered.safetensors");
    await expectMergedAs(out, writeReordered("pair-uni"), join(fixture, "pair-uni"), below("pair.uni.merged."));
  });

  test("fields that a declaration does not say are refused", () => {
    const { spec, weights } = writeCase(folder, "pair-oft");
    const into = mkdtempSync(join(folder, "fields-"));
    const fields = adapterConfig(join(fixture, "pair-oft"));
    writeFileSync(join(into, "adapter_config.json"), JSON.stringify({ ...fields, module_dropout: 0.5 }));
    writeFileSync(
      join(into, "adapter_model.safetensors"),
      readFileSync(join(fixture, "pair-oft", "adapter_model.safetensors")),
    );
    const run = medctc(["export", spec, "--peft", join(into, "out"), "--weights", weights, "--adapter", into]);
    expect(run.code).toBe(1);
    expect(run.err).toMatch(/has `module_dropout` 0.5/);
  });
});
