import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { below, fixture, placements, readTensors, relative, writeCase } from "../parity/peft-tables-cases.ts";
import { jsonFields, listIn } from "./small-spec.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-tables-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);
const files = { tensors: "adapter_model.safetensors", config: "adapter_config.json" } as const;

describe("PEFT's adapters of embeddings and of projections stored as [inputs, outputs]", () => {
  test.each(names)("%s are written as PEFT wrote them, bit by bit", (name) => {
    const { spec } = writeCase(folder, name);
    const out = join(folder, `${name}-again`);
    const { code, err } = medctc(["export", spec, "--peft", out, "--adapter", join(fixture, name)]);
    expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
    const [ours, theirs] = [out, join(fixture, name)].map((each) => readTensors(join(each, files.tensors)));
    expect([...(ours?.keys() ?? [])].toSorted()).toEqual([...(theirs?.keys() ?? [])].toSorted());
    for (const [key, each] of theirs ?? []) {
      const found = ours?.get(key);
      expect([key, found?.shape]).toEqual([key, each.shape]);
      expect(found === undefined ? [] : [...elementsOf(found)], key).toEqual([...elementsOf(each)]);
    }
    const config = jsonFields(readFileSync(join(out, files.config), "utf8"));
    const other = jsonFields(readFileSync(join(fixture, name, files.config), "utf8"));
    expect(listIn(config, "target_modules").toSorted()).toEqual(listIn(other, "target_modules").toSorted());
    for (const key of ["token_indices", "trainable_token_indices"])
      expect([key, config[key] ?? null]).toEqual([key, other[key] ?? null]);
    if (name === "mixed" || name === "transposed") expect(config["fan_in_fan_out"]).toBe(true);
  });

  test.each(names)("%s become the weights that PEFT merges them into", (name) => {
    const { spec, weights } = writeCase(folder, name);
    const out = join(folder, `${name}-merged.safetensors`);
    const given = ["--weights", weights, "--adapter", join(fixture, name)];
    const run = medctc(["adapter", "merge", spec, ...given, "-o", out]);
    expect([run.code, run.err]).toEqual([0, expect.not.stringContaining("error")]);
    const [merged, before] = [out, weights].map(readTensors);
    const expected = below(`${name}.merged.`);
    expect([...(merged?.keys() ?? [])].toSorted()).toEqual([...(before?.keys() ?? [])].toSorted());
    for (const [key, each] of merged ?? []) {
      const wanted = expected.get(key) ?? before?.get(key);
      if (wanted === undefined) throw new Error(`there is ${key}`);
      expect(relative([...elementsOf(each)], wanted), key).toBeLessThan(1e-6);
    }
  });

  test.each(names)("%s have the placements of the spec", (name) => {
    const { spec } = writeCase(folder, name);
    const { code, out } = medctc(["adapter", "spec", join(fixture, name), "--for", spec]);
    const calls = (lines: readonly string[]) => lines.map((each) => each.slice(0, each.indexOf(" on "))).toSorted();
    const placed = placements[name] ?? [];
    expect([code, calls(out.trimEnd().split("\n"))]).toEqual([0, calls(placed)]);
  });

  test.each([
    ["tokens", ["trainable_tokens(tokens = [5, 17, 1]) on text.words"]],
    ["lora-tokens", ["trainable_tokens(tokens = [1, 5, 17]) on text.words", "lora(rank = 4, alpha = 8) on text.fc"]],
  ] as const)("%s of other tokens than the spec's are refused, which their shapes do not show", (name, placed) => {
    const { spec, weights } = writeCase(folder, `${name}-other`, placed);
    const out = join(folder, "other.safetensors");
    const given = ["--weights", weights, "--adapter", join(fixture, name)];
    const { code, err } = medctc(["adapter", "merge", spec, ...given, "-o", out]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("has rows of the tokens 5, 1, 17, but in the spec `trainable_tokens("),
    ]);
  });

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
