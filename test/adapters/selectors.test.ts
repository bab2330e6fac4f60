import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { selectorsForNames } from "../../compiler/index.ts";
import { Random } from "../random.ts";
import { compiledText, smallSpecWith } from "./small-spec.ts";

/** The reference at its own size, with the placements of one of the examples. */
function fullSpecWith(placements: readonly string[]): string {
  return readFileSync("specs/medct.vlm", "utf8")
    .replace("lora(rank = 24, alpha = 48) on vision.attn.qkv, text.attn.qkv", placements.join("\n  "))
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}

/** The modules of each placement by their names in checkpoints. */
function modulesOf(text: string) {
  const { plan, elements } = compiledText(text);
  const ending = ".lora_A.weight";
  const groups = plan.placements.map((placement) => {
    const modules = placement.adapters.flatMap(({ path }) =>
      plan.parameters.flatMap(({ path: own, checkpoint }) =>
        own.startsWith(`${path}.`) && checkpoint.endsWith(ending) ? [checkpoint.slice(0, -ending.length)] : [],
      ),
    );
    return [placement.text.split(" on ")[0] ?? "", modules] as const;
  });
  return { groups, elements };
}

function placementsFor(text: string): readonly string[] {
  const { groups, elements } = modulesOf(text);
  return groups.map(([call, modules]) => {
    const found = selectorsForNames(modules, elements);
    return found.kind === "selectors" ? `${call} on ${found.text}` : found.names.join();
  });
}

/** Groups with their modules in one order. */
function sorted(text: string) {
  return modulesOf(text).groups.map(([call, modules]) => [call, modules.toSorted()]);
}

describe("the placements of an adapter's modules select exactly these again, in few words", () => {
  test.each<[readonly string[], (readonly string[])?]>([
    [["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"]],
    [["lora(rank = 4, alpha = 8) on vision.attn.qkv,o, vision.ff.up,down, text.attn.qkv,o, text.ff.up,down"]],
    [["lora(rank = 4, alpha = 8) on vision.spatial.attn.qkv", "lora(rank = 2, alpha = 8) on vision.temporal.attn.q"]],
    [["lora(rank = 4, alpha = 8) on text.layers[1].attn.qkv"]],
    [
      [
        "lora(rank = 4, alpha = 8) on vision.attn.q",
        "lora(rank = 2, alpha = 2) on text.attn.kv",
        "lora(rank = 1, alpha = 1) on text.attn.q",
      ],
    ],
    [
      ["lora(rank = 4, alpha = 8) on text.pooler, text.attn.o"],
      ["lora(rank = 4, alpha = 8) on text.attn.o, text.pooler"],
    ],
  ])("%j", (placements, expected = placements) => {
    const text = smallSpecWith(placements);
    const found = placementsFor(text);
    expect(found).toEqual(expected);
    expect(sorted(smallSpecWith(found))).toEqual(sorted(text));
  });
});

describe("the same of the reference, with layers and exceptions", () => {
  test.each<[readonly string[], (readonly string[])?]>([
    [["lora(rank = 4, alpha = 8) on text.layers[8..].attn.qkv"]],
    [["lora(rank = 4, alpha = 8) on text.layers[0, 2..5, 11].attn.q"]],
    [["lora(rank = 4, alpha = 8) on text.attn.qkv except text.layers[3].attn.v"]],
    [
      ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv except vision.spatial.layers[0].attn.qkv"],
      ["lora(rank = 4, alpha = 8) on vision.layers[1..].attn.qkv, vision.temporal.attn.qkv, text.attn.qkv"],
    ],
    [
      [
        "lora(rank = 4, alpha = 8) on text.layers[0..6].attn.qkv",
        "lora(rank = 16, alpha = 8) on text.layers[6..12].attn.qkv",
      ],
      [
        "lora(rank = 4, alpha = 8) on text.layers[0..6].attn.qkv",
        "lora(rank = 16, alpha = 8) on text.layers[6..].attn.qkv",
      ],
    ],
    [
      ["lora(rank = 4, alpha = 8) on vision.spatial.layers[2..].attn.qkv, vision.temporal.layers[2..].attn.qkv"],
      ["lora(rank = 4, alpha = 8) on vision.layers[2..].attn.qkv"],
    ],
    [["lora(rank = 4, alpha = 8) on vision.spatial.layers[1..3].attn.qkv, text.layers[0].ff.up"]],
  ])("%j", (placements, expected = placements) => {
    const text = fullSpecWith(placements);
    const found = placementsFor(text);
    expect(found).toEqual(expected);
    expect(sorted(fullSpecWith(found))).toEqual(sorted(text));
  });
});

test("names that the model does not have are named", () => {
  const { elements } = compiledText(smallSpecWith(["lora(rank = 1) on text.attn.q"]));
  const names = ["text_transformer.encoder.layer.0.attention.self.query", "model.layers.0.q_proj", "temperature"];
  expect(selectorsForNames(names, elements)).toEqual({ kind: "unknown", names: names.slice(1) });
});

test("any set of projections is selected again", () => {
  const random = new Random(21);
  const { elements } = compiledText(smallSpecWith(["lora(rank = 1) on text.attn.q"]));
  const linear = elements.flatMap(({ instance, ofAdapter }) =>
    instance !== null && !ofAdapter && instance.declaration.name.text === "linear" ? [instance.checkpoint] : [],
  );
  expect(linear.length).toBeGreaterThan(30);
  for (let index = 0; index < 40; index++) {
    const share = 1 + random.below(6);
    const names = linear.filter(() => random.below(7) < share);
    if (names.length === 0) continue;
    const found = selectorsForNames(names, elements);
    if (found.kind === "unknown") throw new Error(found.names.join());
    const { groups } = modulesOf(smallSpecWith([`lora(rank = 1) on ${found.text}`]));
    expect(groups[0]?.[1].toSorted()).toEqual(names.toSorted());
  }
});
