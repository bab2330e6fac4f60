import { readdirSync, readFileSync } from "node:fs";
import type { SpecChanges } from "../../compiler/index.ts";
import { biomedclipSmall } from "../parity/biomedclip-spec.ts";

/** A spec at a small size: what `--set` says, or a variant of it where its members are those of another file. */
interface SmallSpec {
  readonly set?: readonly string[];
  readonly variant?: string;
}

const vision = `
  encoder vision = ctvit(
    volume = [20, 60, 60], patch = [10, 20, 20], dim = 32, heads = 4, dim_head = 8,
    spatial_depth = 1, temporal_depth = 1, codebook = 64
  ) named "visual_transformer"
  part image_extra = linear(512, inputs = 288, bias = false) named "to_visual_latent_extra"`;

/** Every spec of this repository. */
const specs: Readonly<Record<string, SmallSpec>> = {
  "specs/clip-vit-b32.vlm": {
    set: [
      ...["size = 16", "patch = 8", "dim = 24", "layers = 2", "heads = 3", "outputs = 12"].map(
        (each) => `model.vision.${each}`,
      ),
      ...["vocab = 40", "dim = 20", "layers = 2", "heads = 5", "length = 8", "outputs = 12"].map(
        (each) => `model.text.${each}`,
      ),
    ],
  },
  "specs/biomedclip.vlm": { variant: biomedclipSmall },
  "specs/medct.vlm": {
    set: [
      ...[
        "volume = [20, 60, 60]",
        "dim = 32",
        "heads = 4",
        "dim_head = 8",
        "spatial_depth = 1",
        "temporal_depth = 1",
      ].map((each) => `model.vision.${each}`),
      ...["vocab = 200", "dim = 32", "layers = 2", "heads = 4", "ff = 64", "positions = 12"].map(
        (each) => `model.text.${each}`,
      ),
      "model.vision.codebook = 64",
      "model.image_extra.inputs = 288",
      "model.report_extra.inputs = 32",
      "model.lora.rank = 4",
    ],
  },
  "specs/medct-small.vlm": {},
  "specs/siglip.vlm": {
    variant: `
import "./siglip"
model small_siglip amends siglip_base {
  input image: f32[batch, 3, 18, 18] = image(mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5], resize = squash)
  encoder vision = siglip_vision(size = 18, patch = 4, dim = 24, layers = 2, heads = 3, ff = 40) named "vision_model"
  encoder text = siglip_text(vocab = 40, dim = 20, layers = 2, heads = 5, length = 8, ff = 32, outputs = 24)
    named "text_model"
  expect base > 0
  expect trainable > 0
  expect count(vision.layers.attn.qkv) = 6
  expect count(text.layers.attn.qkv) = 6
}
`,
  },
  // Dropout is drawn in another way by each backend.
  "specs/ctclip/classfine.vlm": {
    variant: `
import "./ctclip/classfine"
model small_classfine amends classfine {${vision}
  let findings = image |> relu |> linear(18) named "classifier"
  expect trainable = 512 * 18 + 18
}
`,
  },
  "specs/ctclip/vocabfine.vlm": {
    variant: `
import "./ctclip/vocabfine"
model small_vocabfine amends vocabfine {${vision}
  input prompt_ids: i32[36, 12] = prompts()
  input prompt_mask: i32[36, 12] = mask(prompt_ids)
  encoder text = bert(
    vocab = 200, dim = 32, layers = 1, heads = 4, ff = 64, positions = 24, length = 12,
    input_ids = prompt_ids, attention_mask = prompt_mask
  ) named "text_transformer"
  let report = text.hidden |> cls |> linear(512, bias = false) |> l2_normalize named "to_text_latent"
  part report_extra = linear(512, inputs = 32, bias = false) named "to_text_latent_extra"
  expect trainable > 0
}
`,
  },
  "specs/ctclip/rad-chestct.vlm": {
    variant: `
import "./ctclip/rad-chestct"
model small_rad_chestct amends rad_chestct {
  encoder text = bert(
    vocab = 200, dim = 32, layers = 1, heads = 4, ff = 64, positions = 24, length = 12
  ) named "text_transformer"${vision}
  part report_extra = linear(512, inputs = 32, bias = false) named "to_text_latent_extra"
  expect trainable > 0
}
`,
  },
};

/** What is compiled for a spec: a text with changes. */
export interface SpecCase {
  readonly name: string;
  readonly text: string;
  readonly changes: SpecChanges;
}

/** A spec of this repository at its small size. */
export function smallSpec(path: string): SpecCase {
  const small = specs[path];
  if (small === undefined) throw new Error(`${path} has a small size in test/python/pytorch-specs.ts`);
  const { set = [], variant } = small;
  // Another name than the spec's own, which a variant imports.
  const name = path
    .replace(/^specs\//, "small-")
    .replace(/\.vlm$/, "")
    .replaceAll("/", "-");
  return { name, text: variant ?? readFileSync(path, "utf8"), changes: { set } };
}

/** All specs of this repository at their small sizes; a spec without one is an error. */
export function smallSpecs(): readonly SpecCase[] {
  const inFolder = (folder: string): readonly string[] =>
    readdirSync(folder).flatMap((each) => (each.endsWith(".vlm") ? [`${folder}/${each}`] : []));
  return [...inFolder("specs"), ...inFolder("specs/ctclip")].map(smallSpec);
}
