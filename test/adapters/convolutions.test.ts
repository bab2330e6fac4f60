import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { adapterOf, below, fixture, placements, specOf, writeCase } from "../parity/peft-conv-cases.ts";
import { adapterConfig, expectMergedAs, expectSameTensors, succeeds } from "./peft-files.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-convolutions-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);

describe("PEFT's adapters of convolutions", () => {
  test.each(names)("%s are written as PEFT wrote them", async (name) => {
    const { spec, weights } = writeCase(folder, name);
    const out = join(folder, `${name}-again`);
    await succeeds(["export", spec, "--peft", out, "--weights", weights, "--adapter", adapterOf(folder, name)]);
    expectSameTensors(out, join(fixture, name), 1e-6);
    const [config, other] = [out, join(fixture, name)].map(adapterConfig);
    const scaleOf = (fields: typeof config) =>
      Number(fields?.lora_alpha) / (fields?.use_rslora === true ? Math.sqrt(Number(fields.r)) : Number(fields?.r));
    expect(scaleOf(config)).toEqual(scaleOf(other));
    const listed = ["target_modules", "feedforward_modules"];
    for (const key of ["peft_type", "r", "rank_pattern", "alpha_pattern", "use_dora", ...listed]) {
      const [found, wanted] = [config?.[key], other?.[key]];
      const isList = listed.includes(key) && Array.isArray(found) && Array.isArray(wanted);
      expect([key, isList ? found.toSorted() : found]).toEqual([key, isList ? wanted.toSorted() : wanted]);
    }
  });

  test.each(names.filter((name) => below(`${name.replace("-", ".")}.merged.`).size > 0))(
    "%s become the weights that PEFT merges them into",
    async (name) => {
      const [out, changed] = [join(folder, `${name}-merged.safetensors`), below(`${name.replace("-", ".")}.merged.`)];
      await expectMergedAs(out, writeCase(folder, name), adapterOf(folder, name), changed);
    },
  );

  test.each(["flat-rslora", "flat-ia3", "deep-ia3"])("%s have the placements of the spec", async (name) => {
    const { spec } = writeCase(folder, name);
    const { code, out } = await runHere(["adapter", "spec", join(fixture, name), "--for", spec]);
    const calls = (lines: readonly string[]) => lines.map((each) => each.slice(0, each.indexOf(" on "))).toSorted();
    expect([code, calls(out.trimEnd().split("\n"))]).toEqual([0, calls(placements[name] ?? [])]);
  });

  test("of convolutions in groups are in no weight of theirs", () => {
    const { spec, weights } = writeCase(folder, "flat-lora");
    const out = join(folder, "groups.safetensors");
    const given = ["--weights", weights, "--adapter", join(fixture, "flat-lora")];
    const { err, code } = medctc(["adapter", "merge", spec, ...given, "-o", out]);
    expect([code, err]).toEqual([1, expect.stringContaining("2 adapters, such as vision.grouped.lora")]);
  });

  test("of a convolution with a dilation are neither written nor read: PEFT leaves it out", async () => {
    const spec = join(folder, "dilated.vlm");
    writeFileSync(
      spec,
      specOf("line", ["lora(rank = 4, alpha = 8) on vision.stem, vision.grouped, vision.point"]).replace(
        "stride = 2, padding = 2",
        "stride = 2, padding = 4, dilation = 2",
      ),
    );
    const out = join(folder, "dilated");
    const plain = await runHere(["export", spec, "--peft", out]);
    expect([plain.code, plain.err]).toEqual([1, expect.stringContaining("leaves out the dilation of a convolution")]);
    const given = ["--adapter", join(fixture, "line-lora")];
    const read = await runHere(["export", spec, "--safetensors", join(folder, "dilated.safetensors"), ...given]);
    expect([read.code, read.err]).toEqual([
      1,
      expect.stringContaining("error[E707]: the adapter on `stem` is computed by PEFT without"),
    ]);
  });

  test("whose factors are of the other side are refused, which their shapes do not show", async () => {
    const { weights } = writeCase(folder, "flat-ia3");
    const copy = join(folder, "sides");
    cpSync(join(fixture, "flat-ia3"), copy, { recursive: true });
    const { spec } = writeCase(folder, "flat-sides", [
      "ia3() on vision.stem, vision.each",
      "ia3(on_inputs = true) on vision.grouped",
    ]);
    const out = join(folder, "sides.safetensors");
    const { err, code } = await runHere(["adapter", "merge", spec, "--weights", weights, "--adapter", copy, "-o", out]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("the adapter on `each` has factors of its inputs, but in the spec"),
    ]);
  });
});
