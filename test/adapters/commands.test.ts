import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAdapter } from "../../runtime/adapters/index.ts";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { difference, expectedOf, fixture } from "../parity/ctclip-fixture.ts";
import { Random } from "../random.ts";
import { compiledText, jsonFields, listIn, smallSpecWith } from "./small-spec.ts";

const small = "specs/medct-small.vlm";
const fixtures = "test/fixtures/ctclip-small";
const peft = join(fixtures, "peft_adapter");
const weights = join(fixtures, "weights.safetensors");
const lora = join(fixtures, "lora.safetensors");
const feeds = join(fixtures, "batch.safetensors");
let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-adapters-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(file: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(file, readFileSync(file));
}

function values(tensors: ReadonlyMap<string, StoredTensor>, name: string): Float64Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`there is ${name}`);
  return elementsOf(tensor);
}

/** Writes a spec with other placements than the small one's, and gives its path. */
function specFile(name: string, placements: readonly string[]): string {
  const file = join(folder, `${name}.vlm`);
  writeFileSync(file, smallSpecWith(placements));
  return file;
}

/** Writes numbers for every adapter of a spec, and gives the file's path. */
function trainedFor(spec: string, name: string): string {
  const random = new Random(13);
  const { spec: traced, plan } = compiledText(readFileSync(spec, "utf8"));
  const trained = plan.parameters.filter(({ path }) => traced.trainable.has(path));
  const tensors = new Map(
    trained.map(({ checkpoint, shape }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [checkpoint, { shape, data: Float32Array.from({ length: count }, () => random.below(400) / 1000 - 0.2) }];
    }),
  );
  const file = join(folder, `${name}.safetensors`);
  writeFileSync(file, writeSafetensors(tensors));
  return file;
}

/** The values of the forward pass with a spec, weights and adapters. */
async function forward(spec: string, ...more: readonly string[]): Promise<ReadonlyMap<string, StoredTensor>> {
  const output = join(folder, "forward.safetensors");
  const run = await runHere(["run", spec, "forward", "--feeds", feeds, "-o", output, ...more]);
  // The files of these tests say no alpha.
  expect([run.err.replace(/^note: .* has no record of the alpha .*\n/m, ""), run.code]).toEqual(["", 0]);
  return read(output);
}

describe("a folder that PEFT wrote", () => {
  test("is read with the numbers of three steps of training, and gives their loss", async () => {
    const adapter = readAdapter(join(peft, "adapter_model.safetensors"));
    if (adapter.kind === "wrong") throw new Error(adapter.diagnostic.message);
    expect(adapter.parts.size).toBe(12);
    for (const [module, part] of adapter.parts) {
      if (part.kind !== "update") throw new Error(part.kind);
      expect(part.update.scale).toBe(2);
      expect(difference(part.update.down, `after3.${module}.lora_A.weight`)).toBe(0);
      expect(difference(part.update.up, `after3.${module}.lora_B.weight`)).toBe(0);
    }
    const [loss] = values(await forward(small, "--weights", weights, "--adapter", peft), "loss");
    expect(loss).toBeCloseTo(elementsOf(expectedOf("losses"))[3] ?? 0, 5);
  });

  test("is refused by a spec with another scale, naming both, in every command that reads adapters", async () => {
    const other = specFile("scale", ["lora(rank = 4, alpha = 16) on vision.attn.qkv, text.attn.q,v"]);
    const given = ["--weights", weights, "--adapter", peft];
    for (const args of [
      ["run", other, "forward", "--feeds", feeds, "-o", join(folder, "x"), ...given],
      ["export", other, "--onnx", join(folder, "x.onnx"), ...given],
      ["export", other, "--peft", join(folder, "x"), ...given],
      ["adapter", "merge", other, "-o", join(folder, "x"), ...given],
    ]) {
      const { err, code } = await runHere(args);
      expect(code).toBe(1);
      expect(err).toContain(
        "error[E707]: the adapter on `visual_transformer.enc_spatial_transformer.layers.0.1.to_q` has",
      );
      expect(err).toContain("has the scale 2 (8 / 4), but in the spec `lora(rank = 4, alpha = 16) on");
      expect(err).toContain("has 4\n");
      expect(err).toContain("9 more adapters differ");
    }
  });

  test("is refused by a spec that has fewer adapters, or other ones", async () => {
    const fewer = specFile("fewer", ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q"]);
    const { err, code } = await runHere(["export", fewer, "--peft", join(folder, "x"), "--adapter", peft]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("self.value` is in the file, but in the spec there is no such adapter"),
    ]);
    const dora = specFile("dora", ["dora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"]);
    const asDora = await runHere([
      "adapter",
      "merge",
      dora,
      "--weights",
      weights,
      "--adapter",
      peft,
      "-o",
      join(folder, "x"),
    ]);
    expect([asDora.code, asDora.err]).toEqual([1, expect.stringContaining("lora_magnitude_change")]);
  });

  test("with lengths of rows is refused by a spec with LoRA, which would not read them", async () => {
    const copy = join(folder, "lengths");
    cpSync(peft, copy, { recursive: true });
    const config = join(copy, "adapter_config.json");
    writeFileSync(config, readFileSync(config, "utf8").replace('"use_dora": false', '"use_dora": true'));
    const { err, code } = await runHere(["export", small, "--peft", join(folder, "x"), "--adapter", copy]);
    expect([code, err]).toEqual([1, expect.stringContaining("has row lengths (`use_dora`), but in the spec")]);
  });

  test("with a config that cannot be used is refused with its problem", async () => {
    const copy = join(folder, "bad");
    cpSync(peft, copy, { recursive: true });
    writeFileSync(
      join(copy, "adapter_config.json"),
      '{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "rank_pattern": {"(a)\\\\1": 2}}',
    );
    for (const args of [
      ["export", small, "--peft", join(folder, "x"), "--adapter", copy],
      ["adapter", "spec", copy],
      ["adapter", "diff", copy, peft],
    ]) {
      const { err, code } = await runHere(args);
      expect([code, err]).toEqual([1, expect.stringContaining("error[E706]:")]);
      expect(err).toContain("the pattern `(a)\\1` refers back to a group");
    }
  });

  test.each([
    [{ r: 8 }, "gives `text_transformer.encoder.layer.0.attention.self.query` rank 8", "has matrices of rank 4 for it"],
    [{ rank_pattern: { "(key|value)": 2 } }, "self.value` rank 2", "has matrices of rank 4 for it"],
    [{ target_modules: ".*(to_q|query|value)" }, "to_kv` among its `target_modules`", "has an adapter on `visual"],
    [{ exclude_modules: ["query"] }, "self.query` (`exclude_modules`)", "has an adapter on `text"],
    [
      { layers_to_transform: [0], target_modules: ["query", "value", "to_q", "to_kv"] },
      "`layers_to_transform`",
      "has an",
    ],
  ])("whose config has %j besides is refused with what both files say", async (fields, says, has) => {
    const copy = join(folder, "conflict");
    cpSync(peft, copy, { recursive: true });
    const config = join(copy, "adapter_config.json");
    writeFileSync(config, JSON.stringify({ ...jsonFields(readFileSync(config, "utf8")), ...fields }));
    for (const args of [
      ["export", small, "--peft", join(folder, "x"), "--adapter", copy],
      ["adapter", "diff", copy, peft],
    ]) {
      const { err, code } = await runHere(args);
      expect([code, err]).toEqual([1, expect.stringContaining(`error[E720]: \`${config}\` `)]);
      expect(err).toContain(says);
      expect(err).toContain(`, but \`adapter_model.safetensors\` beside it ${has}`);
    }
  });

  test("whose config has fields of a later version is read, and these are named", async () => {
    const copy = join(folder, "later");
    cpSync(peft, copy, { recursive: true });
    const config = join(copy, "adapter_config.json");
    const fields = { ...jsonFields(readFileSync(config, "utf8")), peft_version: "9.1.0", new_size: 16 };
    writeFileSync(config, JSON.stringify(fields));
    const { err, code } = await runHere(["export", small, "--peft", join(folder, "x"), "--adapter", copy]);
    expect([code, err]).toEqual([
      0,
      expect.stringContaining("PEFT 9.1.0 wrote, sets `new_size` (16), which is not known"),
    ]);
  });
});

describe("medctc export --peft", () => {
  test("gives back what PEFT wrote", () => {
    const out = join(folder, "again");
    const run = medctc(["export", small, "--peft", out, "--adapter", peft]);
    expect([run.code, run.out]).toEqual([0, `12 adapters, 24 tensors, 14.0 KiB, in ${out}\n`]);
    const [written, original] = [out, peft].map((each) => read(join(each, "adapter_model.safetensors")));
    expect([...(written?.keys() ?? [])].toSorted()).toEqual([...(original?.keys() ?? [])].toSorted());
    for (const [name, tensor] of original ?? [])
      expect(Buffer.compare(tensor.bytes, written?.get(name)?.bytes ?? new Uint8Array())).toBe(0);
    const [config, other] = [out, peft].map((each) =>
      jsonFields(readFileSync(join(each, "adapter_config.json"), "utf8")),
    );
    expect(new Set(listIn(config, "target_modules"))).toEqual(new Set(listIn(other, "target_modules")));
    for (const key of [
      "peft_type",
      "r",
      "lora_alpha",
      "rank_pattern",
      "alpha_pattern",
      "bias",
      "use_rslora",
      "use_dora",
    ])
      expect([key, config?.[key]]).toEqual([key, other?.[key]]);
  });

  test("writes ranks and scales that differ, and `adapter spec` gives the placements again", async () => {
    const placements = [
      "lora(rank = 4, alpha = 8) on vision.attn.qkv",
      "lora(rank = 2, alpha = 3) on text.layers[1].attn.q,v",
      "lora(rank = 1, alpha = 8) on text.ff.up",
    ];
    const spec = specFile("differ", placements);
    const out = join(folder, "differ");
    expect((await runHere(["export", spec, "--peft", out, "--adapter", trainedFor(spec, "differ")])).code).toBe(0);
    const found = await runHere(["adapter", "spec", out, "--for", small]);
    const lines = [...placements, "expect count(text.layers[1].attn.q,v) = 2"];
    expect([found.code, found.out]).toEqual([0, `${lines.join("\n")}\n`]);
    expect(found.err).toBe('these lines need import "std/lora"\n');
  });

  test("writes ranks by layer as patterns, which are a placement for each rank again", async () => {
    const spec = specFile("layers", ["lora(rank = i => 1 + i, alpha = [6, 8]) on text.attn.q"]);
    const out = join(folder, "layers");
    expect((await runHere(["export", spec, "--peft", out, "--adapter", trainedFor(spec, "layers")])).code).toBe(0);
    const config = jsonFields(readFileSync(join(out, "adapter_config.json"), "utf8"));
    const second = "text_transformer.encoder.layer.1.attention.self.query";
    expect([config.r, config.rank_pattern]).toEqual([1, { [second]: 2 }]);
    expect([config.lora_alpha, config.alpha_pattern]).toEqual([6, { [second]: 8 }]);
    const found = await runHere(["adapter", "spec", out, "--for", small]);
    const lines = [
      "lora(rank = 1, alpha = 6) on text.layers[0].attn.q",
      "lora(rank = 2, alpha = 8) on text.layers[1].attn.q",
      "expect count(text.layers[0].attn.q) = 1",
      "expect count(text.layers[1].attn.q) = 1",
    ];
    expect([found.code, found.out]).toEqual([0, `${lines.join("\n")}\n`]);
  });

  test("refuses what PEFT has no form for, with the placement and the module", async () => {
    const out = join(folder, "refused");
    for (const [name, placements, problem] of [
      [
        "bottleneck",
        ["bottleneck(size = 4) on text.attn.o"],
        "PEFT cannot represent `bottleneck(size = 4) on text.attn.o`, on text.",
      ],
      [
        "positions",
        ["lora_embedding(rank = 1) on text.embeddings.places"],
        "PEFT cannot represent `lora_embedding(rank = 1) on text.embeddings.places`, on text.",
      ],
      ["bias", ["bias_only() on text.attn.q"], "PEFT cannot represent `bias_only() on text.attn.q`, on text."],
      [
        "train",
        ["lora(rank = 1) on text.attn.q", "train text.layers[0]"],
        "is trained too (train text.layers[0]), but does not belong to an adapter",
      ],
      [
        "mixed",
        ["lora(rank = 1) on text.attn.q", "ia3() on text.attn.k"],
        "a PEFT adapter is of one kind, but the spec has LoRA for `lora(rank = 1) on text.attn.q`, IA3",
      ],
      ["none", [], "the spec has no adapters"],
      [
        "dora",
        ["dora(rank = 1) on text.attn.q"],
        "PEFT stores DoRA's row lengths, but these adapters store their change",
      ],
    ] as const) {
      const { code, err } = await runHere(["export", specFile(name, placements), "--peft", out]);
      expect([name, code, err]).toEqual([name, 1, expect.stringContaining(problem)]);
    }
  });
});

describe("medctc adapter merge", () => {
  test.each([
    ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"],
    ["dora(rank = 2, alpha = 8) on vision.attn.q, text.attn.qkv"],
    ["ia3() on vision.attn.kv, text.attn.kv"],
    ["ia3(on_inputs = true) on text.ff.down"],
  ])("`%s` gives weights with which the model without adapters computes the same", async (placement) => {
    const name = `merge-${placement.replaceAll(/\W+/g, "-")}`;
    const spec = specFile(name, [placement]);
    const adapter = trainedFor(spec, name);
    const merged = join(folder, `${name}-merged.safetensors`);
    const run = await runHere(["adapter", "merge", spec, "--weights", weights, "--adapter", adapter, "-o", merged]);
    expect(run.code).toBe(0);
    const expected = await forward(spec, "--weights", weights, "--adapter", adapter);
    const found = await forward(specFile(`${name}-bare`, []), "--weights", merged);
    const before = await forward(specFile(`${name}-bare`, []), "--weights", weights);
    for (const output of ["image", "report"]) {
      const [a, b, c] = [expected, found, before].map((each) => values(each, output));
      expect(Math.max(...(a ?? []).map((value, place) => Math.abs(value - (b?.[place] ?? 0))))).toBeLessThan(1e-5);
      if (output === "report")
        expect(Math.max(...(a ?? []).map((value, place) => Math.abs(value - (c?.[place] ?? 0))))).toBeGreaterThan(1e-3);
    }
  });

  test("leaves weights as they are that no adapter is beside, those included that no program reads", () => {
    const merged = join(folder, "whole.safetensors");
    expect(medctc(["adapter", "merge", small, "--weights", weights, "--adapter", lora, "-o", merged]).code).toBe(0);
    const written = read(merged);
    let same = 0;
    for (const [name, tensor] of fixture("weights.safetensors")) {
      if (!written.has(name)) throw new Error(`there is ${name}`);
      const isSame = Buffer.compare(tensor.bytes, written.get(name)?.bytes ?? new Uint8Array()) === 0;
      if (isSame) same++;
      else expect(name).toMatch(/\.(to_q|to_kv|query|value)\.weight$/);
    }
    expect(same).toBe(fixture("weights.safetensors").size - 12);
  });
});

describe("medctc adapter diff", () => {
  test("compares what adapters do, with scales of a config and of a spec, as a table and as JSON", async () => {
    const table = await runHere(["adapter", "diff", peft, lora, "--for", small]);
    expect([table.code, table.err]).toEqual([0, ""]);
    expect(table.out).toMatch(/all of these +1\.2860 +1\.2751 +0\.11035 +0\.996324\n$/);
    const { out } = await runHere(["adapter", "diff", peft, lora, "--for", small, "--json"]);
    expect(listIn(jsonFields(out), "both").length).toBe(12);
    expect(out).toMatch(/"difference": 0\.11034\d+,\n {4}"cosine": 0\.99632\d+\n {2}}\n}\n$/);
  });

  test("gives no difference where one scale is not known, and says so", async () => {
    const { out, err } = await runHere(["adapter", "diff", peft, lora]);
    expect(out).toMatch(/all of these +1\.2860 +0\.63755 +- +0\.996324\n$/);
    expect(err).toContain(`the scales of ${lora} are unknown`);
  });

  test("compares adapters of different ranks, and lists what only one has", async () => {
    const [a, b] = [
      specFile("rank-4", ["lora(rank = 4, alpha = 8) on text.attn.q, vision.attn.q"]),
      specFile("rank-2", ["lora(rank = 2, alpha = 8) on text.attn.q,v"]),
    ];
    for (const [spec, name] of [
      [a, "a"],
      [b, "b"],
    ] as const)
      await runHere(["export", spec, "--peft", join(folder, name), "--adapter", trainedFor(spec, name)]);
    const { out } = await runHere(["adapter", "diff", join(folder, "a"), join(folder, "b")]);
    expect(out).toMatch(/layer\.0\.attention\.self\.query +4, 2 +\d/);
    expect(out).toMatch(/only in A\n {2}visual_transformer\.enc_spatial_transformer\.layers\.0\.1\.to_q\n/);
    expect(out).toMatch(/only in B\n {2}text_transformer\.encoder\.layer\.0\.attention\.self\.value\n/);
  });
});

test("medctc adapter spec lists modules by name where no spec is given, and says which a spec does not have", () => {
  const { out, code } = medctc(["adapter", "spec", peft]);
  expect(code).toBe(0);
  expect(out).toContain("lora(rank = 4, alpha = 8): 12 modules\n");
  expect(out).toMatch(/text_transformer\.encoder\.layer\.\*\.attention\.self\.query +2\n/);
  const other = medctc(["adapter", "spec", peft, "--for", "specs/clip-vit-b32.vlm"]);
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("and 7 more")]);
});
