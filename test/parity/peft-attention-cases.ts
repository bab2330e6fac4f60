import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-attention";

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  "clip-attention": ["lora(rank = 4, alpha = 8) on vision.attn.qkv,o, text.attn.qkv,o"],
  "clip-ranks": [
    "lora(rank = 4, alpha = 6, rank_stabilised = true) on vision.layers[0].attn.qkv,o, text.attn.qkv,o, vision.ff.up, text.ff.up",
    "lora(rank = 9, alpha = 6, rank_stabilised = true) on vision.layers[1].attn.qkv,o",
  ],
  "siglip-attention": ["lora(rank = 4, alpha = 8) on vision.attn.qkv, vision.head.attn.o, text.attn.qkv"],
};

const models: Readonly<Record<string, string>> = {
  clip: `
  encoder vision = vit(size = 32, patch = 8, dim = 48, layers = 2, heads = 4, outputs = 24) named "visual"
  encoder text = clip_text(vocab = 120, dim = 40, layers = 2, heads = 5, length = 12, outputs = 24) named "*"
  let picture = vision.latent |> l2_normalize
  let caption = text.latent |> l2_normalize
  param logit_scale: f32[] = constant(log(1 / 0.07))
  freeze vision, text, logit_scale
  loss contrastive(picture, caption, scale = exp(logit_scale))`,
  siglip: `
  encoder vision = siglip_vision(size = 18, patch = 4, dim = 24, layers = 2, heads = 3, ff = 40) named "vision_model"
  encoder text = siglip_text(vocab = 40, dim = 20, layers = 2, heads = 5, length = 8, ff = 32, outputs = 24)
    named "text_model"
  let picture = vision.latent |> l2_normalize
  let caption = text.latent |> l2_normalize
  param logit_scale: f32[1] = constant(log(10))
  param logit_bias: f32[1] = constant(-10)
  freeze vision, text, logit_scale, logit_bias
  loss siglip(picture, caption, exp(reshape(logit_scale, [])), bias = logit_bias)`,
};

const libraries = [
  "clip_text",
  "contrastive",
  "dora",
  "heads",
  "ia3",
  "lora",
  "siglip",
  "siglip_text",
  "siglip_vision",
  "vit",
];

/** A spec of a model of the fixture with some placements. */
export function specOf(network: string, placed: readonly string[]): string {
  const imports = libraries.map((name) => `import "std/${name}"\n`).join("");
  return `${imports}
model small {${models[network] ?? ""}
  ${placed.join("\n  ")}
}

train {
  batch = 3
  optimizer = sgd(lr = 0.1)
}
`;
}

export const below = fixtureIn(fixture);

/** The model's weights and its inputs, which other fixtures have. */
export function given(network: string, file: "weights" | "batch"): string {
  return `test/fixtures/${network}-small/${file}.safetensors`;
}

/** What a spec calls a matrix of PEFT's file, and how many times PEFT's values it has there: PEFT adds `out_proj`'s update twice. */
export function ownMatrix(name: string): { readonly name: string; readonly times: number } {
  const own = name.replace("base_model.model.", "");
  if (own.includes(".base_layer.out_proj."))
    return { name: own.replace(".base_layer", ""), times: own.endsWith(".lora_B.weight") ? 2 : 1 };
  return { name: own.replace(/\.(attn|attention)\.(lora_[AB])/, ".$1.in_proj.$2"), times: 1 };
}

/** Writes a spec of a model of the fixture. */
export function writeCase(folder: string, name: string, placed = placements[name] ?? []): string {
  const [network = ""] = name.split("-");
  const spec = join(folder, `${name}.vlm`);
  writeFileSync(spec, specOf(network, placed));
  return spec;
}
