import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn, specOfSmall, type Tensors, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-tables";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

export const below = fixtureIn(fixture);

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
};

/** A spec of the network with some placements. */
export function specOf(placed: readonly string[]): string {
  const libraries = ["lora", "lora_embedding", "trainable_tokens"];
  return specOfSmall({ libraries, networks, network: "tables()", encoder: "text", placed, batch: 4 });
}

/** The network's own weights. */
export const weights: Tensors = new Map([...below("")].filter(([name]) => /^\w+\.(weight|bias)$/.test(name)));

/** What a spec calls a tensor of PEFT's files. */
export function ownName(name: string): string {
  return name.replace("base_model.model.", "").replace(".token_adapter", "");
}

/** Writes a spec of the network, and its weights. */
export function writeCase(
  folder: string,
  name: string,
  placed = placements[name] ?? [],
): { readonly spec: string; readonly weights: string } {
  const spec = join(folder, `${name}.vlm`);
  writeFileSync(spec, specOf(placed));
  const file = join(folder, "weights.safetensors");
  writeTensors(file, weights);
  return { spec, weights: file };
}
