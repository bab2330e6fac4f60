import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function planOf(spec: string): NonNullable<ReturnType<typeof compileSpec>["plan"]> {
  const compiled = compileSpec(createSource(spec, readFileSync(spec, "utf8")), new SpecLibrary("specs/std", spec));
  expect(compiled.diagnostics).toEqual([]);
  if (compiled.plan === null) throw new Error("a spec without diagnostics has a plan");
  return compiled.plan;
}

/** Names and shapes of a model's own parameters, as others' code lists them. */
function fixture(name: string): readonly string[] {
  return readFileSync(`test/fixtures/${name}`, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split("\t").slice(0, 2).join(" "))
    .toSorted();
}

function names(spec: string): readonly string[] {
  return planOf(spec)
    .parameters.filter(({ ofAdapter }) => !ofAdapter)
    .map(({ checkpoint, shape }) => `${checkpoint} ${shape.join("x")}`)
    .toSorted();
}

test("medct.vlm has CT-CLIP's 340 parameters, by name and shape, those without elements included", () => {
  const expected = fixture("ctclip-parameters.tsv");
  expect(expected).toHaveLength(340);
  expect(names("specs/medct.vlm")).toEqual(expected);
});

test("medct.vlm trains 1,671,168 of 439,819,929 parameters, 0.380 %", () => {
  const { totals } = planOf("specs/medct.vlm");
  expect(totals).toEqual({ trainable: 1_671_168, frozen: 438_148_761, base: 438_148_761, total: 439_819_929 });
  expect(((100 * totals.trainable) / totals.total).toFixed(3)).toBe("0.380");
});

test("the card's placement trains 409,600 parameters", () => {
  expect(planOf("examples/placements/card.vlm").totals.trainable).toBe(409_600);
});

test("clip-vit-b32.vlm has open_clip's 302 parameters, by name and shape, 151,277,313 in all", () => {
  const expected = fixture("clip-vit-b32-parameters.tsv");
  expect(expected).toHaveLength(302);
  expect(names("specs/clip-vit-b32.vlm")).toEqual(expected);
  expect(planOf("specs/clip-vit-b32.vlm").totals.base).toBe(151_277_313);
});

test("siglip.vlm has the 408 parameters of transformers' SiglipModel, by name and shape, 203,155,970 in all", () => {
  const expected = fixture("siglip-parameters.tsv");
  expect(expected).toHaveLength(408);
  expect(names("specs/siglip.vlm")).toEqual(expected);
  expect(planOf("specs/siglip.vlm").totals.base).toBe(203_155_970);
});

test("biomedclip.vlm has open_clip's 351 parameters, by name and shape, 195,902,721 in all", () => {
  const expected = fixture("biomedclip-parameters.tsv");
  expect(expected).toHaveLength(351);
  expect(names("specs/biomedclip.vlm")).toEqual(expected);
  expect(planOf("specs/biomedclip.vlm").totals.base).toBe(195_902_721);
});

test("spectre.vlm has the 786 parameters of SPECTRE's training, by name and shape, 1,008,923,682 in all", () => {
  const expected = fixture("spectre-parameters.tsv");
  expect(expected).toHaveLength(786);
  expect(names("specs/spectre/spectre.vlm")).toEqual(expected);
  expect(planOf("specs/spectre/spectre.vlm").totals.base).toBe(1_008_923_682);
});

test("colipri.vlm has the 579 parameters and the two buffers of its package's Model, by name and shape, 258,366,240 in all", () => {
  const spec = "specs/colipri/colipri.vlm";
  const { buffers, totals } = planOf(spec);
  const stored = buffers.map(({ checkpoint, shape }) => `${checkpoint} ${shape.join("x")}`);
  expect([...names(spec), ...stored].toSorted()).toEqual(fixture("colipri-parameters.tsv"));
  expect([names(spec).length, stored.length, totals.base]).toEqual([579, 2, 258_366_240]);
});

test("hlip.vlm has the 350 parameters of HLIP's chest CT model, by name and shape, and trains of them what HLIP does", () => {
  const expected = fixture("hlip-parameters.tsv");
  expect(expected).toHaveLength(350);
  expect(names("specs/hlip/hlip.vlm")).toEqual(expected);
  expect(planOf("specs/hlip/hlip.vlm").totals.base).toBe(200_381_953);
  // With its --lock-text, as make.py counts them.
  expect(planOf("specs/hlip/pretraining.vlm").totals.trainable).toBe(89_421_313);
});

test("adapters are called in checkpoints as PEFT calls them", () => {
  const adapters = planOf("specs/medct.vlm").parameters.filter(({ ofAdapter }) => ofAdapter);
  expect(adapters.slice(0, 2).map(({ checkpoint, shape }) => [checkpoint, shape])).toEqual([
    ["visual_transformer.enc_spatial_transformer.layers.0.1.to_q.lora_A.weight", [24, 512]],
    ["visual_transformer.enc_spatial_transformer.layers.0.1.to_q.lora_B.weight", [256, 24]],
  ]);
});

test("merlin.vlm has the 743 parameters and the 310 buffers of its own code, by name and shape, 270,935,389 in all", () => {
  const spec = "specs/merlin/merlin.vlm";
  const { buffers, totals } = planOf(spec);
  const stored = buffers.map(({ checkpoint, shape }) => `${checkpoint} ${shape.join("x")}`);
  expect([...names(spec), ...stored].toSorted()).toEqual(fixture("merlin-parameters.tsv"));
  expect([names(spec).length, stored.length, totals.base]).toEqual([743, 310, 270_935_389]);
});
