import {
  compileSpec,
  type FoundPlacements,
  findPlacements,
  type PlaceOptions,
  type Plan,
} from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** A model with few projections: an encoder of two stages that differ in width, with fused keys and values, and one of layers. */
export const tiny = `
import "std/dora"
import "std/linear"
import "std/lora"
import "std/roles"

module mixer(dim: int, inner: int) {
  part q = linear(inner, dim, bias = false) as attn.q
  part kv = linear(2 * inner, dim, bias = false) as attn.kv
  part out = linear(dim, inner)
  forward(x: f32[b, n, dim]) {
    let [k, v] = split(kv(x), 2, axis = -1)
    return out(q(x) * k + v)
  }
}

module seer(dim: int) {
  part near = mixer(dim, 3)
  part far = mixer(dim, 5)
  forward(image: f32[batch, 2, dim]) {
    return far(near(image))
  }
}

module layer(dim: int) {
  part q = linear(dim, dim) as attn.q
  part v = linear(dim, dim) as attn.v
  part up = linear(7, dim) as ff.up
  part down = linear(dim, 7)
  forward(x: f32[b, dim]) {
    return down(up(q(x) * v(x))) + x
  }
}

module reader(dim: int) {
  part layers = repeat 2 layer(dim)
  forward(words: f32[batch, dim]) {
    let hidden = words
    for each in layers {
      hidden = each(hidden)
    }
    return hidden
  }
}

model tiny {
  encoder vision = seer(dim = 4)
  encoder text = reader(dim = 5)
  let image = vision.return |> mean(axis = 1) |> linear(5)
  let report = text.return
  freeze vision, text, heads.*
RULES
  loss sum(image * report)
}
`;

export const library = new SpecLibrary("specs/std", "specs/tiny.vlm");

export const defaults: PlaceOptions = {
  budget: "1_000_000",
  atMost: true,
  kinds: ["lora"],
  ranks: [1, 4],
  on: null,
  sameRank: false,
  with: "",
  top: 1_000_000,
};

/** The plan of a text, or null where it has mistakes. */
export function planOf(text: string): Plan | null {
  const { plan, diagnostics } = compileSpec(createSource("specs/tiny.vlm", text), library);
  return diagnostics.some(({ key, severity }) => severity === "error" && key !== "expectation-failed") ? null : plan;
}

/** What is found in a text; a refusal is an error with its words. */
export function find(text: string, options: Partial<PlaceOptions>): FoundPlacements {
  const result = findPlacements(createSource("specs/tiny.vlm", text), library, { ...defaults, ...options });
  switch (result.kind) {
    case "found":
      return result.found;
    case "refused":
      throw new Error(result.problem.rule);
    case "wrong-spec":
      throw new Error(renderDiagnostics(result.diagnostics, { colour: false }));
  }
}
