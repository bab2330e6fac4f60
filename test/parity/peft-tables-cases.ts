import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";

export const fixture = "test/fixtures/peft-tables";

const network = readFileSync(`${fixture}/network.vlm`, "utf8");

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

/** A spec of the network with some placements, whose loss is the mean of the squared outputs. */
export function specOf(placed: readonly string[]): string {
  return `import "std/lora"
import "std/lora_embedding"
import "std/trainable_tokens"
${network}
loss squared(values) {
  return mean(values * values)
}

model small {
  encoder text = tables() named "*"
  let logits = text.logits
  freeze text
  ${placed.join("\n  ")}
  loss squared(logits)
}

train {
  batch = 4
  optimizer = sgd(lr = 0.1)
}
`;
}

export function readTensors(file: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(file, readFileSync(file));
}

const tensors = readTensors(`${fixture}/tensors.safetensors`);

/** What the fixture has behind a name. */
export function below(prefix: string): ReadonlyMap<string, StoredTensor> {
  return new Map(
    [...tensors].flatMap(([name, each]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), each]] : [])),
  );
}

/** The network's own weights. */
export const weights: ReadonlyMap<string, StoredTensor> = new Map(
  [...tensors].filter(([name]) => /^\w+\.(weight|bias)$/.test(name)),
);

/** What a spec calls a tensor of PEFT's files. */
export function ownName(name: string): string {
  return name.replace("base_model.model.", "").replace(".token_adapter", "");
}

/** The largest absolute difference of a tensor from another over the largest absolute value of that. */
export function relative(found: ArrayLike<number> | undefined, expected: StoredTensor): number {
  const values = [...elementsOf(expected)];
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / Math.max(...values.map(Math.abs));
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
  const stored = [...weights].map(
    ([key, each]) => [key, { shape: each.shape, data: Float32Array.from(elementsOf(each)) }] as const,
  );
  writeFileSync(file, writeSafetensors(new Map(stored)));
  return { spec, weights: file };
}
