import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { at } from "../../compiler/at.ts";
import { buildForward, compileSpec, optimise, runProgram, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { loadTokenizer } from "../../runtime/data/tokenizers/index.ts";
import { rowStarts, unstatedMetadata } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { runHere } from "../cli/medctc.ts";

const fixture = "test/fixtures/spectre-small";
const small = `${fixture}/small.vlm`;
const tensors = (name: string) => readSafetensors(name, readFileSync(join(fixture, `${name}.safetensors`)));

const texts = v.parse(
  v.array(v.object({ text: v.string(), ids: v.array(v.number()), mask: v.array(v.number()) })),
  JSON.parse(readFileSync(join(fixture, "texts.json"), "utf8")),
);

test.each(texts.map((each) => [each.text, each] as const))("tokens are Hugging Face's of %j", (text, { ids, mask }) => {
  const source = compiled(small).spec.sources.get("input_ids");
  if (source?.kind !== "tokens") throw new Error("the spec has tokens");
  const read = loadTokenizer(join(fixture, "tokenizer.json"), source.settings);
  if (read.kind === "failed") throw new Error(read.problem.message);
  const encoded = read.value.encode(text, ids.length);
  expect([[...encoded.ids], [...encoded.mask]]).toEqual([ids, mask]);
});

test("a text whose padding stands before it has its own code's report", () => {
  const { spec, plan } = compiled(`${fixture}/trained.vlm`);
  const left = tensors("left");
  const weights = tensors("weights");
  const dataOf = (stored: StoredTensor): TensorData => ({
    type: { dtype: stored.dtype === "I64" ? "i32" : "f32", shape: stored.shape },
    data: Float32Array.from(elementsOf(stored)),
  });
  const parameters = new Map(
    plan.parameters.flatMap(({ path, checkpoint }) => {
      const stored = weights.get(checkpoint);
      return stored === undefined ? [] : [[path, dataOf(stored)] as const];
    }),
  );
  const inputs = new Map([...tensors("batch"), ...left].map(([name, stored]) => [name, dataOf(stored)] as const));
  const report = runProgram(optimise(buildForward(spec, ["report"]), spec), { inputs, parameters }, "f64").get(
    "report",
  );
  const theirs = inputs.get("report");
  if (theirs === undefined) throw new Error("the fixture has reports");
  const differences = Array.from(theirs.data, (value, place) => Math.abs(value - (report?.data[place] ?? Number.NaN)));
  expect(Math.max(...differences)).toBeLessThan(1e-5);
});

const names = v.pipe(
  v.array(v.object({ name: v.string() })),
  v.transform((rows) => rows.map(({ name }) => name)),
);
const comparison = v.object({
  found: v.number(),
  missing: names,
  misshapen: names,
  differing: names,
  unexpected: names,
});

function compiled(path: string) {
  const { spec, plan } = compileSpec(
    createSource(path, readFileSync(path, "utf8")),
    new SpecLibrary("specs/std", path),
  );
  if (spec === null || plan === null) throw new Error("the spec compiles");
  return { spec, plan };
}

describe("voxels are those of SPECTRE's own transform, and around them is air", () => {
  const folder = "test/fixtures/spectre-volumes";
  const expected = readSafetensors("expected", readFileSync(join(folder, "expected.safetensors")));
  const { spec } = compiled("specs/spectre/spectre.vlm");
  const { data } = spec;

  test.each([...expected].map(([name, inside]) => [name, inside] as const))("%s", async (name, inside) => {
    const packed = await preprocessVolume(join(folder, `${name}.nii.gz`), unstatedMetadata, data);
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    const { before, counts, voxels } = packed.value;
    const found = [...rowStarts(packed.value, 1)].flatMap((start) => [...voxels.subarray(start, start + counts[2])]);
    expect(counts).toEqual(inside.shape);
    expect(before).toEqual(counts.map((count, axis) => Math.floor((at(data.size, axis) - count) / 2)));
    expect(data.pad).toBe(0);
    const differences = Array.from(elementsOf(inside), (value, index) =>
      Math.abs(value - (found[index] ?? Number.NaN)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });
});

describe("files as SPECTRE's own code writes them", () => {
  /** The names of each file; those of a checkpoint of a training with the part of it that they are in. */
  const layout = v.parse(
    v.record(v.string(), v.array(v.string())),
    JSON.parse(readFileSync(join(fixture, "layout.json"), "utf8")),
  );
  const stored = new Map([...tensors("weights"), ...tensors("lora")]);
  let folder = "";

  /** What its code computes of `theta`, of the first network and of the second. */
  const periodsOf = (theta: number) => ({ shape: [2], data: [1, Math.sqrt(theta)] });

  /** A file with the values that a name has in the whole model. */
  function write(file: string, names: readonly string[], wholeName: (name: string) => string): void {
    const values = names.map((name) => {
      const tensor = stored.get(wholeName(name));
      return [
        name,
        tensor === undefined
          ? periodsOf(wholeName(name).includes("comb") ? 100 : 1000)
          : { shape: tensor.shape, data: [...elementsOf(tensor)] },
      ] as const;
    });
    writeFileSync(join(folder, file), writeSafetensors(new Map(values)));
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "medctc-spectre-"));
    for (const [file, names] of Object.entries(layout)) {
      const isWhole = file === "checkpoint";
      write(`${file}.pt`, names, (name) => (isWhole ? name.replace(/^model\./, "") : `${file}.${name}`));
    }
    const text = layout["backbone_text"] ?? [];
    const isLora = (name: string) => name.includes(".lora_");
    write(
      "qwen.safetensors",
      text.filter((name) => !isLora(name)),
      (name) => `backbone_text.${name}`,
    );
    write("lora.pt", text.filter(isLora), (name) => `backbone_text.${name}`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  async function checked(file: string, ...options: readonly string[]) {
    const { code, out } = await runHere(["weights", "check", small, join(folder, file), "--json", ...options]);
    return { code, ...v.parse(comparison, JSON.parse(out)) };
  }

  const all = { code: 0, found: stored.size, missing: [], misshapen: [], differing: [], unexpected: [] };

  test("a checkpoint of a training is read, with the parameters of the criterion beside the model", async () => {
    expect(await checked("checkpoint.pt")).toEqual(all);
  });

  test("a checkpoint whose periods are of another theta is refused", async () => {
    const file = join(folder, "other-theta.safetensors");
    const names = layout["checkpoint"] ?? [];
    const own = readSafetensors(file, readFileSync(join(folder, "checkpoint.pt")));
    const floats = new Map(
      [...own].map(([name, { shape, ...tensor }]) => [name, { shape, data: [...elementsOf({ shape, ...tensor })] }]),
    );
    const changed = names.find((name) => name.includes("comb") && name.endsWith("rope.periods")) ?? "";
    writeFileSync(file, writeSafetensors(new Map([...floats, [changed, periodsOf(1000)]])));
    const differing = ["feature_comb_image.rope.periods"];
    expect(await checked("other-theta.safetensors")).toEqual({ ...all, code: 1, differing });
    const { code, err } = await runHere([
      "run",
      small,
      "forward",
      "--weights",
      file,
      "--feeds",
      join(fixture, "batch.safetensors"),
      "-o",
      join(folder, "never.safetensors"),
    ]);
    expect(code).toBe(1);
    expect(err).toContain(
      `E750]: \`${changed}\` in \`${file}\` is not what the model computes: at [1] it is 31.6228, but must be 10 (1 of its 2 elements differ)`,
    );
  });

  test.each<[string, string | readonly string[]]>([
    ["the text encoder with its adapters in it", "backbone_text.pt"],
    ["the text encoder's own file and one of its adapters", ["qwen.safetensors", "lora.pt"]],
  ])("files of single parts are read together: %s", async (_, text) => {
    const own = Object.keys(layout).filter((part) => part !== "checkpoint" && part !== "backbone_text");
    const parts = { ...Object.fromEntries(own.map((part) => [part, `${part}.pt`])), backbone_text: text };
    writeFileSync(join(folder, "parts.json"), JSON.stringify({ parts }));
    expect(await checked("parts.json", "--allow-missing", "criterion.*")).toEqual({
      ...all,
      found: stored.size - 2,
    });
  });

  test("the published files alone have no projections", async () => {
    const parts = {
      backbone_image: "backbone_image.pt",
      feature_comb_image: "feature_comb_image.pt",
      backbone_text: "backbone_text.pt",
    };
    writeFileSync(join(folder, "parts.json"), JSON.stringify({ parts }));
    const { code, missing } = await checked("parts.json", "--allow-missing", "criterion.*");
    expect(code).toBe(1);
    expect(new Set(missing.map((name) => name.replace(/\..*/, "")))).toEqual(
      new Set(["projection_image", "projection_text"]),
    );
  });
});

test("its adapters alone go to PEFT and back, with PEFT's names in its file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-spectre-"));
  const variant = join(folder, "alone.vlm");
  // The rates of what is frozen are gone, too.
  const frozen = "add freeze vision, combiner, logit_scale, logit_bias, heads.*\n  group text { lr = lr }";
  writeFileSync(variant, `${readFileSync(small, "utf8").replace("  loralib", `  ${frozen}\n  loralib`)}`);
  const own = join(fixture, "lora.safetensors");
  const exported = await runHere(["export", variant, "--peft", join(folder, "peft"), "--adapter", own]);
  expect([exported.code, exported.err.match(/^(error|warning).*/gm)]).toEqual([0, null]);
  const stored = join(folder, "peft", "adapter_model.safetensors");
  const valuesOf = (all: ReturnType<typeof readSafetensors>, rename: (name: string) => string) =>
    new Map([...all].map(([name, tensor]) => [rename(name), [...elementsOf(tensor)]] as const).toSorted());
  const written = readSafetensors(stored, readFileSync(stored));
  expect(valuesOf(written, (name) => name)).toEqual(
    valuesOf(tensors("lora"), (name) => `base_model.model.${name}.weight`),
  );
  const back = await runHere(["weights", "check", variant, stored, "--json"]);
  expect(v.parse(comparison, JSON.parse(back.out))).toMatchObject({ found: written.size, missing: [], unexpected: [] });
  const merged = join(folder, "merged.safetensors");
  const weights = ["--weights", join(fixture, "weights.safetensors")];
  const again = await runHere([
    "adapter",
    "merge",
    variant,
    ...weights,
    "--adapter",
    join(folder, "peft"),
    "-o",
    merged,
  ]);
  expect([again.code, again.err.match(/^(error|warning).*/gm)]).toEqual([0, null]);
  rmSync(folder, { recursive: true });
});
