import { readFileSync } from "node:fs";
import type { SpecChanges } from "../../compiler/index.ts";

/** A spec at the sizes of a fixture. */
export interface SmallFixture {
  readonly text: string;
  readonly changes?: SpecChanges;
}

/** specs/siglip.vlm at the sizes of fixtures/siglip-small, with everything trained. */
export const siglipSmall: Required<SmallFixture> = {
  text: readFileSync("specs/siglip.vlm", "utf8")
    // An optimizer without a state of its own makes the smallest step.
    .replace(/optimizer = [^\n]*/, "optimizer = sgd(lr = 0.1)")
    .replaceAll(/^ {2}(?:freeze|lora|expect|clip_norm)\b[^\n]*\n/gm, "")
    .replace("f32[batch, 3, 224, 224]", "f32[batch, 3, 18, 18]"),
  changes: {
    precision: "f32",
    batch: 3,
    set: [
      ...["size = 18", "patch = 4", "dim = 24", "layers = 2", "heads = 3", "ff = 40"].map(
        (each) => `model.vision.${each}`,
      ),
      ...["vocab = 40", "dim = 20", "layers = 2", "heads = 5", "length = 8", "ff = 32", "outputs = 24"].map(
        (each) => `model.text.${each}`,
      ),
    ],
  },
};
