import { describe, expect, test } from "vitest";
import type { Plan } from "../../compiler/index.ts";
import { planOf } from "../report/sample.ts";

/** Arrows as `from -> to: value`. */
function arrowsOf({ flow: { units, arrows } }: Plan): readonly string[] {
  return arrows.map(({ from, to, value }) => `${units[from]?.name} -> ${units[to]?.name}: ${value}`).sort();
}

describe("the reference spec's flow", () => {
  const plan = planOf("specs/medct.vlm");
  const { units } = plan.flow;

  test("goes from inputs through encoders and lets to the loss", () => {
    expect(arrowsOf(plan)).toEqual([
      "attention_mask -> text: ",
      "image -> loss: ",
      "image -> vision: ",
      "input_ids -> text: ",
      "report -> loss: ",
      "scale -> loss: ",
      "text -> report: text.hidden",
      "vision -> image: vision.tokens",
    ]);
  });

  test("has units with what stands in the spec, and the components that only they use", () => {
    expect(units.map(({ kind, name, components }) => [kind, name, components])).toEqual([
      ["input", "image", []],
      ["input", "input_ids", []],
      ["input", "attention_mask", []],
      ["encoder", "vision", ["vision"]],
      ["encoder", "text", ["text"]],
      ["let", "image", ["heads.image"]],
      ["let", "report", ["heads.report"]],
      ["let", "scale", ["temperature"]],
      ["loss", "loss", []],
    ]);
    const text = new Map(units.map((unit) => [`${unit.kind} ${unit.name}`, unit.text]));
    expect(text.get("let report")).toBe("text.hidden |> cls |> linear(512, bias = false) |> l2_normalize");
    expect(text.get("loss loss")).toBe("contrastive(image, report, scale)");
  });

  test("has the named values of an encoder in order, between the modules that they are between", () => {
    const steps = units.find(({ name }) => name === "vision")?.steps ?? [];
    const names = steps.map((step) => (step.kind === "value" ? `= ${step.name}` : step.path));
    expect(names.filter((name) => name.startsWith("= "))).toEqual(
      ["patches", "patch_embed", "position_bias", "spatial", "columns", "temporal", "quantized", "tokens"].map(
        (name) => `= ${name}`,
      ),
    );
    const places = ["= patches", "vision.embed.project", "= patch_embed", "vision.spatial.layers[3].attention"].map(
      (name) => names.indexOf(name),
    );
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    const used = steps.flatMap((step) => (step.kind === "value" && step.isUsed ? [step.name] : []));
    expect(used).toEqual(["tokens"]);
    expect(names.some((name) => name.startsWith("vision.pixels"))).toBe(false);
  });
});

test("a let that only renames stands between, a shared part is each user's, and losses are apart", () => {
  const plan = planOf("test/browser/deep.vlm");
  expect(arrowsOf(plan)).toEqual([
    "both -> loss: ",
    "caption -> both: ",
    "caption -> loss: ",
    "image -> both: ",
    "image -> loss: ",
    "image -> vision: ",
    "input_ids -> text: ",
    "raw -> image: vision.latent",
    "scale -> loss: ",
    "text -> caption: text.latent",
    "vision -> raw: vision.latent",
  ]);
  const users = plan.flow.units.flatMap(({ name, components }) => (components.includes("shared") ? [name] : []));
  expect(users).toEqual(["image", "caption"]);
});
