import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { below, fixture, given, placements, writeCase } from "../parity/peft-attention-cases.ts";
import { adapterConfig, adapterTensors, expectMerged, expectSameTensors, succeeds } from "./peft-files.ts";
import { listIn } from "./small-spec.ts";

let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-attention-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const names = Object.keys(placements);
const files = { tensors: "adapter_model.safetensors", config: "adapter_config.json" } as const;

async function exported(spec: string, name: string, adapter: string | null) {
  const out = join(folder, name);
  const run = await runHere(["export", spec, "--peft", out, ...(adapter === null ? [] : ["--adapter", adapter])]);
  return { ...run, out };
}

describe("PEFT's adapters of nn.MultiheadAttention", () => {
  test.each(names)("%s are written as PEFT wrote them, bit by bit", async (name) => {
    const { code, err, out } = await exported(writeCase(folder, name), `${name}-again`, join(fixture, name));
    expect([code, err]).toEqual([0, expect.stringContaining("PEFT up to 0.21.2 adds that update twice")]);
    expectSameTensors(out, join(fixture, name));
    const [config, other] = [adapterConfig(out), adapterConfig(join(fixture, name))];
    const equal = ["peft_type", "r", "use_dora", "peft_version"];
    expect(equal.map((key) => [key, config[key]])).toEqual(equal.map((key) => [key, other[key]]));
    // PEFT's has the endings of names that it was given.
    const endings = listIn(other, "target_modules");
    for (const target of listIn(config, "target_modules"))
      expect(endings.some((ending) => String(target).endsWith(`.${String(ending)}`))).toBe(true);
  });

  test.each(names)("%s become the weights that PEFT merges them into", async (name) => {
    const [network = ""] = name.split("-");
    const out = join(folder, `${name}-merged.safetensors`);
    const weights = ["--weights", given(network, "weights")];
    const adapter = ["--adapter", join(fixture, name)];
    await succeeds(["adapter", "merge", writeCase(folder, name), ...weights, ...adapter, "-o", out]);
    const expected = below(`${name}.merged.`);
    expect(expected.size).toBeGreaterThan(2);
    expectMerged(out, given(network, "weights"), expected);
  });

  test.each(names)("%s have placements that compile to the same modules", async (name) => {
    const spec = writeCase(folder, name);
    const { code, out } = await runHere(["adapter", "spec", join(fixture, name), "--for", spec]);
    expect(code).toBe(0);
    const again = writeCase(folder, `${name}-placed`, out.trimEnd().split("\n"));
    expect((await exported(again, `${name}-placed-out`, join(fixture, name))).code).toBe(0);
  });

  test("of queries, keys and values alone have zeros for the other projection, which are read as none", async () => {
    const placed = ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv"];
    const spec = writeCase(folder, "clip-fused", placed);
    const both = join(folder, "clip-fused.safetensors");
    const merge = (adapter: string, out: string) =>
      runHere(["adapter", "merge", spec, "--weights", given("clip", "weights"), "--adapter", adapter, "-o", out]);
    // PEFT's file of both is refused: the spec would leave out a half of it.
    const refusal = await merge(join(fixture, "clip-attention"), both);
    expect([refusal.code, refusal.err]).toEqual([
      1,
      expect.stringContaining("the adapter on `transformer.resblocks.0.attn.out_proj` is in the file, but in the spec"),
    ]);
    const first = await exported(spec, "clip-fused", null);
    expect([first.code, first.err]).toEqual([0, expect.not.stringContaining("adds that update twice")]);
    const tensors = adapterTensors(first.out);
    const other = "base_model.model.visual.transformer.resblocks.0.attn.base_layer.out_proj";
    for (const [ending, shape] of [
      ["lora_A", [4, 48]],
      ["lora_B", [48, 4]],
    ] as const) {
      const found = tensors.get(`${other}.${ending}.weight`);
      expect([found?.shape, found === undefined ? [] : [...new Set(elementsOf(found))]]).toEqual([shape, [0]]);
    }
    expect((await merge(first.out, both)).code).toBe(0);
    const second = await exported(spec, "clip-fused-again", first.out);
    expect(readFileSync(join(second.out, files.tensors))).toEqual(readFileSync(join(first.out, files.tensors)));
  });

  test("of pools whose query is the mean of the tokens are written, too", async () => {
    const spec = join(folder, "colipri.vlm");
    const small = readFileSync("test/fixtures/colipri-small/small.vlm", "utf8");
    writeFileSync(
      spec,
      small
        .replace(
          "lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv",
          "lora(rank = 4, alpha = 8) on image_pool.attn.qkv,o, text_pool.attn.o",
        )
        .replace("  expect count(vision", "  expect trainable = 512\n  expect count(vision"),
    );
    const { code, err, out } = await exported(spec, "colipri", null);
    expect([code, err]).toEqual([0, expect.stringContaining("adds that update twice")]);
    const pools = ["image_encoder.pooler.attn", "text_encoder.pooler.attn"];
    expect(listIn(adapterConfig(out), "target_modules")).toEqual(pools);
    expect([...adapterTensors(out).keys()].toSorted()).toEqual(
      pools.flatMap((pool) =>
        [`${pool}.base_layer.out_proj`, pool].flatMap((each) =>
          ["lora_A", "lora_B"].map((matrix) => `base_model.model.${each}.${matrix}.weight`),
        ),
      ),
    );
  });

  test("with another rank or alpha of each projection are refused by name", async () => {
    const placed = ["lora(rank = 4, alpha = 8) on vision.attn.qkv", "lora(rank = 2, alpha = 8) on vision.attn.o"];
    const { code, err } = await exported(writeCase(folder, "clip-unlike", placed), "clip-unlike", null);
    expect(code).toBe(1);
    expect(err).toContain(
      "one rank and one scale for both projections of `visual.transformer.resblocks.0.attn`, but `in_proj` has rank 4 and scale 2, and `out_proj` has rank 2 and scale 4",
    );
  });

  test.each([
    ["dora(rank = 4)", "DoRA"],
    ["ia3()", "IA3"],
  ])("%s is refused, which PEFT does not have of them", async (call, kind) => {
    const { code, err } = await exported(
      writeCase(folder, "clip-other", [`${call} on vision.attn.o`]),
      "clip-other",
      null,
    );
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`of an nn.MultiheadAttention it has LoRA, but no ${kind}`),
    ]);
  });

  test("of another scale than the spec's are refused", async () => {
    const placed = ["lora(rank = 4, alpha = 4) on vision.attn.qkv,o, text.attn.qkv,o"];
    const spec = writeCase(folder, "clip-scale", placed);
    const { code, err } = await exported(spec, "clip-scale", join(fixture, "clip-attention"));
    expect([code, err]).toEqual([1, expect.stringContaining("has the scale 2 (8 / 4), but in the spec")]);
  });

  test("of a later PEFT are refused where they adapt out_proj, as that may count it once", async () => {
    const spec = writeCase(folder, "clip-attention");
    const copy = async (version: string) => {
      const at = join(folder, `by-${version}`);
      cpSync(join(fixture, "clip-attention"), at, { recursive: true });
      writeFileSync(join(at, files.config), JSON.stringify({ ...adapterConfig(at), peft_version: version }));
      return exported(spec, `by-${version}-out`, at);
    };
    expect((await copy("0.22.0.dev0@1a2b")).err).toContain("error[E706]");
    expect((await copy("1.0.0")).err).toContain("by PEFT 1.0.0, which may add that update once or twice");
    expect((await copy("0.9.10")).code).toBe(0);
  });

  test("differ from themselves by nothing, with the scales of the config", () => {
    const at = join(fixture, "clip-ranks");
    const { code, out } = medctc(["adapter", "diff", at, at]);
    expect([code, out]).toEqual([0, expect.stringContaining("transformer.resblocks.1.attn.out_proj")]);
  });
});
