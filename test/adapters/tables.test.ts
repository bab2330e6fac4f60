import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { below, fixture, placements, writeCase } from "../parity/peft-tables-cases.ts";
import { adapterConfig, expectMergedAs, expectSameTensors, succeeds } from "./peft-files.ts";
import { listIn } from "./small-spec.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-tables-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);

describe("PEFT's adapters of embeddings and of projections stored as [inputs, outputs]", () => {
  test.each(names)("%s are written as PEFT wrote them, bit by bit but for DoRA's lengths", async (name) => {
    const { spec, weights } = writeCase(folder, name);
    const out = join(folder, `${name}-again`);
    await succeeds(["export", spec, "--peft", out, "--weights", weights, "--adapter", join(fixture, name)]);
    expectSameTensors(out, join(fixture, name), name.startsWith("dora") ? 1e-6 : 0);
    const [config, other] = [adapterConfig(out), adapterConfig(join(fixture, name))];
    expect(listIn(config, "target_modules").toSorted()).toEqual(listIn(other, "target_modules").toSorted());
    for (const key of ["token_indices", "trainable_token_indices", "use_dora"])
      expect([key, config[key] ?? null]).toEqual([key, other[key] ?? null]);
    if (name.endsWith("mixed") || name === "transposed") expect(config["fan_in_fan_out"]).toBe(true);
  });

  test.each(names)("%s become the weights that PEFT merges them into", async (name) => {
    const out = join(folder, `${name}-merged.safetensors`);
    await expectMergedAs(out, writeCase(folder, name), join(fixture, name), below(`${name}.merged.`));
  });

  test.each(names)("%s have the placements of the spec", async (name) => {
    const { spec } = writeCase(folder, name);
    const { code, out } = await runHere(["adapter", "spec", join(fixture, name), "--for", spec]);
    const calls = (lines: readonly string[]) => lines.map((each) => each.slice(0, each.indexOf(" on "))).toSorted();
    const placed = placements[name] ?? [];
    expect([code, calls(out.trimEnd().split("\n"))]).toEqual([0, calls(placed)]);
  });

  test.each([
    ["tokens", ["trainable_tokens(tokens = [5, 17, 1]) on text.words"]],
    ["lora-tokens", ["trainable_tokens(tokens = [1, 5, 17]) on text.words", "lora(rank = 4, alpha = 8) on text.fc"]],
  ] as const)(
    "%s of other tokens than the spec's are refused, which their shapes do not show",
    async (name, placed) => {
      const { spec, weights } = writeCase(folder, `${name}-other`, placed);
      const out = join(folder, "other.safetensors");
      const given = ["--weights", weights, "--adapter", join(fixture, name)];
      const { code, err } = await runHere(["adapter", "merge", spec, ...given, "-o", out]);
      expect([code, err]).toEqual([
        1,
        expect.stringContaining("has rows of the tokens 5, 1, 17, but in the spec `trainable_tokens("),
      ]);
    },
  );

  test("a token that is named twice is refused, as nothing would train its first row", () => {
    const { spec } = writeCase(folder, "twice", ["trainable_tokens(tokens = [3, 3]) on text.words"]);
    const { code, err } = medctc(["export", spec, "--peft", join(folder, "twice")]);
    expect([code, err]).toEqual([1, expect.stringContaining("PEFT cannot represent")]);
  });

  test("differ by what they do to the weights", () => {
    const at = join(fixture, "mixed");
    const { code, out } = medctc(["adapter", "diff", at, at]);
    expect([code, out]).toEqual([0, expect.stringMatching(/words .*9/)]);
  });
});
