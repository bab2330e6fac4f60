import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { SpecChanges } from "../../compiler/index.ts";
import { referenceModels } from "../../runtime/app/models/describe.ts";
import { publishedFixtures } from "../parity/published-fixtures.ts";

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

/** The specs of this repository that have no fixture of a published model. */
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
  "specs/hlip/pretraining.vlm": {
    variant: `
import "./hlip/pretraining"
model small_pretraining amends hlip_pretraining {
  encoder vision = hierarchical_vit(
    volume = [8, 12, 18], patch = [2, 6, 6], dim = 24, layers = 4, heads = 4, attention = ["slice", "slice", "study"]
  ) named "visual.trunk"
  encoder text = bert(vocab = 60, dim = 24, layers = 2, heads = 3, ff = 40, positions = 24, pooler = false)
    named "text.transformer"
  expect trainable > 0
}
`,
  },
  "specs/merlin/reports.vlm": {
    variant: `
import "./merlin/reports"
model small_reports amends merlin_reports {
  input input_ids: i32[batch, 45] = tokens()
  encoder vision = i3_resnet(volume = [18, 34, 36], counts = [2, 1, 2, 1], outputs = 16, classes = 7, width = 4)
    named "encode_image.i3_resnet"
  encoder text = longformer(
    vocab = 280, dim = 24, layers = 2, heads = 3, ff = 40, positions = 70, length = 45, window = 8
  ) named "encode_text.text_encoder"
  let report = text.hidden |> cls |> linear(16) |> l2_normalize named "encode_text.linear_layer"
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

/** A spec of this repository at its small size: a fixture's, where a published model of its name has one. */
export function smallSpec(path: string): SpecCase {
  // Another name than the spec's own, which a variant imports.
  const name = path
    .replace(/^specs\//, "small-")
    .replace(/\.vlm$/, "")
    .replaceAll("/", "-");
  const fixture = publishedFixtures.find((each) => each.name === basename(path, ".vlm"));
  if (fixture !== undefined) {
    return { name, text: readFileSync(join(fixture.folder, "small.vlm"), "utf8"), changes: {} };
  }
  const small = specs[path];
  if (small === undefined) throw new Error(`${path} has a small size in test/python/pytorch-specs.ts`);
  const { set = [], variant } = small;
  return { name, text: variant ?? readFileSync(path, "utf8"), changes: { set } };
}

/** All models that come with the program at their small sizes; one without is an error. */
export function smallSpecs(): readonly SpecCase[] {
  return referenceModels().map(({ path }) => smallSpec(`${path}.vlm`));
}
