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

test("adapters are called in checkpoints as PEFT calls them", () => {
  const adapters = planOf("specs/medct.vlm").parameters.filter(({ ofAdapter }) => ofAdapter);
  expect(adapters.slice(0, 2).map(({ checkpoint, shape }) => [checkpoint, shape])).toEqual([
    ["visual_transformer.enc_spatial_transformer.layers.0.1.to_q.lora_A.weight", [24, 512]],
    ["visual_transformer.enc_spatial_transformer.layers.0.1.to_q.lora_B.weight", [256, 24]],
  ]);
});

test("specs/hlip/pretraining.vlm trains 89,421,313 parameters, as HLIP does with its --lock-text", () => {
  // make.py of its fixture counts them.
  expect(planOf("specs/hlip/pretraining.vlm").totals.trainable).toBe(89_421_313);
});
