import { floats, tensorOf } from "./peft-fixture.ts";
import { fixtureOfOne } from "./peft-one-network.ts";

export const fixture = "test/fixtures/peft-tables";

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  embedding: ["lora_embedding(rank = 4, alpha = 8) on text.words"],
  mixed: [
    "lora_embedding(rank = 9, alpha = 6, rank_stabilised = true) on text.words",
    "lora(rank = 4, alpha = 6, rank_stabilised = true) on text.up, text.fc",
  ],
  tokens: ["trainable_tokens(tokens = [5, 1, 17]) on text.words"],
  "lora-tokens": ["trainable_tokens(tokens = [5, 1, 17]) on text.words", "lora(rank = 4, alpha = 8) on text.fc"],
  transposed: ["lora(rank = 3, alpha = 6) on text.up, text.square"],
  dora: ["dora_embedding(rank = 4, alpha = 8) on text.words"],
  "dora-mixed": [
    "dora_embedding(rank = 9, alpha = 6, rank_stabilised = true) on text.words",
    "dora(rank = 4, alpha = 6, rank_stabilised = true) on text.up, text.fc",
  ],
};

export const { below, weights, specOf, inputs, writeCase } = fixtureOfOne({
  ...{ fixture, placements, network: "tables()", encoder: "text", input: { name: "input_ids", dtype: "i32" } },
  libraries: ["dora", "dora_embedding", "lora", "lora_embedding", "trainable_tokens"],
  isWeight: (name) => /^\w+\.(weight|bias)$/.test(name),
});

/** What a spec calls a tensor of PEFT's files. */
export function ownName(name: string): string {
  return name
    .replace("base_model.model.", "")
    .replace(".token_adapter", "")
    .replace(/lora_magnitude_vector(\.weight)?$/, "lora_magnitude_change");
}

/** The values that a spec has for those of PEFT's: DoRA's lengths as what is added to those of the weight. */
export function ownValues(checkpoint: string, values: Float32Array): Float32Array {
  const [module = "", tensor] = checkpoint.split(/\.(?=lora_magnitude_change$)/);
  if (tensor === undefined) return values;
  const weight = floats(tensorOf(weights, `${module}.weight`));
  // The table and the projections but one are [inputs, outputs].
  const [outputStep, inputStep] = module === "fc" ? [weight.length / values.length, 1] : [1, values.length];
  return values.map((length, output) => {
    const own = Array.from(
      { length: weight.length / values.length },
      (_, input) => output * outputStep + input * inputStep,
    );
    return length - Math.hypot(...own.map((place) => weight[place] ?? Number.NaN));
  });
}
