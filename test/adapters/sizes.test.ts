import { expect, test } from "vitest";
import { inputMomentsOf } from "../../compiler/index.ts";
import { createSource, parse } from "../../grammar/index.ts";
import { adapterUpdates, kindsIn } from "../../runtime/adapters/index.ts";
import { InputDirections } from "../../runtime/app/adapters/input-directions.ts";
import { redistributedPlacements, withoutRank } from "../../runtime/app/adapters/redistributed.ts";
import { placementLines, rankOf } from "../../runtime/app/models/placements.ts";
import { compiledText, smallSpecWith } from "./small-spec.ts";

/** LoRA under other names than std's. */
function damped(clause: string): string {
  return `import "std/linear"

adapter damped(keep: bool = true, size: int = 2, strength: float = size) wraps base: linear {
  ${clause}
  param down: f32[size, base.inputs] = uniform(1 / sqrt(base.inputs)) named "lora_A.weight"
  param up: f32[base.outputs, size] = zeros named "lora_B.weight"
  forward(x: f32[..., base.inputs]) {
    return base(x) + strength / size * matmul(matmul(x, down, transpose_b = true), up, transpose_b = true)
  }
}
`;
}

const clause = "peft LORA(r = size, lora_alpha = strength)";

test("a model's adapters have another rank by the arguments that their clauses say, and alpha keeps its ratio", () => {
  const text = `model m { damped(size = 4, strength = 8) on a, b
    unsaid(rank = 4, alpha = 8) on c
    damped() on d }`;
  const { file } = parse(createSource("m.vlm", text));
  const kinds = kindsIn([["mine", damped(clause)]]);
  expect(rankOf(file, kinds)).toBe(4);
  expect(placementLines(file, kinds, 6)).toEqual([
    "damped(size = 6, strength = 12) on a, b",
    "unsaid(rank = 4, alpha = 8) on c",
    "damped() on d",
  ]);
  expect(rankOf(file, [])).toBeNull();
});

function redistributed(clauseOf: string) {
  const text = smallSpecWith(["damped(size = 4, strength = 6, keep = false) on text.attn.q"], damped(clauseOf));
  const compiled = compiledText(text);
  const moments = inputMomentsOf(compiled.spec, adapterUpdates(compiled.spec, compiled.plan));
  if (moments === null) throw new Error("the adapters are low-rank");
  return { compiled, inputs: moments.inputs };
}

test("ranks are redistributed by the same arguments, and others stay", () => {
  const { compiled, inputs } = redistributed(clause);
  const updates = inputs.flatMap((input) => input.updates);
  expect(updates).toHaveLength(2);
  expect(withoutRank(compiled.spec, updates)).toBeNull();
  const found = inputs.map((input, place) => {
    const directions = new InputDirections(input, 0.99);
    directions.ranks = [place === 0 ? 6 : 2];
    return directions;
  });
  expect(redistributedPlacements(compiled, found).lines).toEqual([
    "damped(size = 6, strength = 9, keep = false) on text.layers[0].attn.q",
    "damped(size = 2, strength = 3, keep = false) on text.layers[1].attn.q",
  ]);
});

test.each(["", "peft LORA(r = size)", "peft LORA(r = 1 * size, lora_alpha = strength)"])(
  "an adapter with `%s` does not say which arguments are its rank and alpha",
  (said) => {
    const { compiled, inputs } = redistributed(said);
    const updates = inputs.flatMap((input) => input.updates);
    expect(withoutRank(compiled.spec, updates)).toBe("damped");
  },
);
