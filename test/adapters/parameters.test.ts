import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { below, fixture, placements, specOf, writeCase } from "../parity/peft-parameters-cases.ts";
import { adapterConfig, expectMergedAs, expectSameTensors, succeeds } from "./peft-files.ts";
import { jsonFields, listIn } from "./small-spec.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-parameters-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);

/** A folder of PEFT's with another value of one field of its config. */
function withField(name: string, field: string, value: unknown): string {
  const into = join(folder, `${name}-${field}`);
  cpSync(join(fixture, name), into, { recursive: true });
  const file = join(into, "adapter_config.json");
  writeFileSync(file, JSON.stringify({ ...jsonFields(readFileSync(file, "utf8")), [field]: value }));
  return into;
}

/** What medctc says of an adapter that it merges. */
async function merged(name: string, adapter: string, placed = placements[name] ?? []) {
  const { spec, weights } = writeCase(folder, `${name}-refused`, placed);
  const given = ["--weights", weights, "--adapter", adapter, "-o", join(folder, "refused.safetensors")];
  return runHere(["adapter", "merge", spec, ...given]);
}

describe("PEFT's adapters of parameters", () => {
  test.each(names)("%s are written as PEFT wrote them, bit by bit", async (name) => {
    const { spec } = writeCase(folder, name);
    const out = join(folder, `${name}-again`);
    await succeeds(["export", spec, "--peft", out, "--adapter", join(fixture, name)]);
    expectSameTensors(out, join(fixture, name));
    const config = adapterConfig(out);
    expect(listIn(config, "target_parameters").length).toBeGreaterThan(0);
    // What was written is read again.
    await succeeds(["export", spec, "--peft", join(folder, `${name}-twice`), "--adapter", out]);
    expectSameTensors(join(folder, `${name}-twice`), out);
  });

  test.each(names)("%s become the weights that PEFT merges them into", async (name) => {
    const out = join(folder, `${name}-merged.safetensors`);
    await expectMergedAs(out, writeCase(folder, name), join(fixture, name), below(`${name}.merged.`));
  });

  test.each([
    [
      "matrices",
      [
        "lora_parameter(rank = 3, alpha = 6) on vision.in_proj.weight",
        "lora_parameter(rank = 2, alpha = 6) on vision.position",
      ],
    ],
    [
      "swapped",
      [
        "lora_parameter(rank = 2, alpha = 4) on vision.token",
        "lora_parameter(rank = 2, alpha = 4, transposed = true) on vision.turned.weight",
      ],
    ],
  ] as const)("%s have the placements of the spec", async (name, lines) => {
    const { spec } = writeCase(folder, name);
    const { code, out } = await runHere(["adapter", "spec", join(fixture, name), "--for", spec]);
    expect([code, out.trimEnd().split("\n").toSorted()]).toEqual([0, [...lines].toSorted()]);
  });

  test("of square matrices in a stack are transposed or not, which the lines say that nobody knows", async () => {
    const text = specOf(["lora_parameter(rank = 2, alpha = 4) on vision.turned.weight"]);
    const spec = join(folder, "square.vlm");
    writeFileSync(spec, text.replace("f32[3, 8, 5]", "f32[3, 8, 8]"));
    const peft = join(folder, "square");
    await succeeds(["export", spec, "--peft", peft]);
    const { code, out } = await runHere(["adapter", "spec", peft, "--for", spec]);
    expect([code, out]).toEqual([
      0,
      expect.stringContaining("lora_parameter(rank = 2, alpha = 4) on vision.turned.weight"),
    ]);
    expect(out).toMatch(/^# PEFT's files do not say .*\n# .* `transposed = true` .*`turned\.weight`\.\n/);
    const alone = await runHere(["adapter", "spec", peft]);
    expect([alone.code, alone.err]).toEqual([
      0,
      expect.stringContaining("note: PEFT's files do not say whether stacks"),
    ]);
  });

  test("are counted as on parameters in what `compile` prints", () => {
    const { spec } = writeCase(folder, "matrices");
    const { code, out } = medctc(["compile", spec]);
    expect([code, out]).toEqual([0, expect.stringContaining("    vision.attn.in_proj.weight: 2 parameters\n")]);
  });

  test("several on one module are not told apart without a spec", () => {
    const { code, err } = medctc(["adapter", "spec", join(fixture, "experts")]);
    expect([code, err]).toEqual([1, expect.stringContaining("E742")]);
    expect(err).toContain("`down`, `up`");
  });

  test("of another alpha or rank than the spec's are refused", async () => {
    const scale = await merged("swapped", withField("swapped", "lora_alpha", 5));
    expect([scale.code, scale.err]).toEqual([1, expect.stringContaining("has the scale 2.5 (5 / 2)")]);
    const rank = await merged("swapped", withField("swapped", "r", 1));
    expect([rank.code, rank.err]).toEqual([1, expect.stringContaining("has rank 1")]);
  });

  test("of stacks in the other order of axes are refused", async () => {
    const { code, err } = await merged("swapped", join(fixture, "swapped"), [
      "lora_parameter(rank = 2, alpha = 4) on vision.turned.weight, vision.token",
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining("E704")]);
  });

  test.each([
    [
      ["lora(rank = 2) on vision.turned", "lora_parameter(rank = 2) on vision.turned.weight"],
      "cannot adapt `vision.turned`",
    ],
    [
      ["lora(rank = 2) on vision.fc", "lora_parameter(rank = 2) on vision.fc.weight"],
      "a parameter of its module has an adapter, too",
    ],
    [
      ["lora_parameter(rank = 2) on vision.placed.fc.weight, vision.placed.position"],
      "it is inside of `placed`, which has an adapter on a parameter itself",
    ],
    [
      ["lora(rank = 2, dropout = 0.1) on vision.fc", "lora_parameter(rank = 2) on vision.position"],
      "PEFT has no dropout beside adapters of parameters",
    ],
    [
      ["lora_parameter(rank = 2) on vision.position", "lora_parameter(rank = 2) also on vision.position"],
      "several adapters are on one parameter",
    ],
  ])("%j are not written for PEFT", async (placed, why) => {
    const { spec } = writeCase(folder, "refused", placed);
    const { code, err } = await runHere(["export", spec, "--peft", join(folder, "refused")]);
    expect([code, err]).toEqual([1, expect.stringContaining(why)]);
  });
});
