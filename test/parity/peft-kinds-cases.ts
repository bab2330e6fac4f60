import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";

export const fixture = "test/fixtures/peft-kinds";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

const linear = "vision.first, vision.second, vision.last";
const convolutions = "vision.stem, vision.grouped, vision.point";

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  "pair-loha": [
    "loha(rank = 3, alpha = 5) on vision.first",
    "loha(rank = 2, alpha = 5) on vision.second",
    "loha(rank = 3, alpha = 7) on vision.last",
  ],
  "pair-lokr": [`lokr(rank = 2, alpha = 5) on ${linear}`],
  "pair-both": [`lokr(rank = 1, alpha = 2, decompose_both = true) on ${linear}`],
  "pair-factor": [`lokr(rank = 2, alpha = 5, decompose_both = true, decompose_factor = 6) on ${linear}`],
  "pair-norm": ["ln_tuning() on vision.norm"],
  "pair-oft": [`oft(block = 6) on ${linear}`],
  "pair-terms": [`oft(block = 6, terms = 7) on ${linear}`],
  "pair-cayley": [`oft(block = 3, neumann = false) on ${linear}`],
  "pair-shared": [`oft(block = 6, neumann = false, share = true) on ${linear}`],
  "pair-boft": [`boft(block = 6) on ${linear}`],
  "pair-vera": ["vera(rank = 5) on vision.first, vision.last"],
  "line-loha": [`loha(rank = 3, alpha = 5) on ${convolutions}`],
  "line-lokr": [`lokr(rank = 2, alpha = 5) on ${convolutions}`],
  "flat-loha": [`loha(rank = 3, alpha = 5) on ${convolutions}`],
  "flat-lokr": [`lokr(rank = 1, alpha = 5, decompose_both = true) on ${convolutions}`],
};

const libraries = ["boft", "ln_tuning", "loha", "lokr", "lora", "lora_fa", "oft", "olora", "pissa", "vera"];

/** A spec of a network of the fixture with some placements, whose loss is the mean of the squared outputs. */
export function specOf(network: string, placed: readonly string[], optimizer = "sgd(lr = 0.1)"): string {
  return `${libraries.map((name) => `import "std/${name}"`).join("\n")}
${networks}
loss squared(values) {
  return mean(values * values)
}

model small {
  encoder vision = ${network}() named "*"
  let logits = vision.logits
  freeze vision
  ${placed.join("\n  ")}
  loss squared(logits)
}

train {
  batch = 2
  optimizer = ${optimizer}
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

/** The weights of a network of the fixture. */
export function weightsOf(network: string): ReadonlyMap<string, StoredTensor> {
  const own = [...below(`${network}.`)];
  return new Map(
    own.filter(([key]) => key !== "x" && !/^\w+\.(?:output$|grad\.|merged\.|start\.|change\.|end\.)/.test(key)),
  );
}

export function floats(stored: StoredTensor): Float32Array {
  return Float32Array.from(elementsOf(stored));
}

/** The largest absolute difference of a tensor from another over the largest absolute value of that. */
export function relative(found: ArrayLike<number> | undefined, expected: StoredTensor): number {
  const values = [...elementsOf(expected)];
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / Math.max(...values.map(Math.abs));
}

/** LoRA that starts from the weights. */
export const fromWeights: Readonly<Record<string, string>> = {
  "pair-pissa": `pissa(rank = 3, alpha = 5) on ${linear}`,
  "pair-olora": `olora(rank = 3, alpha = 5) on ${linear}`,
  "pair-whole": `olora(rank = 18) on ${linear}`,
};

/** Writes a spec of a network of the fixture, and the network's weights. */
export function writeCase(
  folder: string,
  name: string,
  placed = placements[name] ?? [],
): { readonly spec: string; readonly weights: string } {
  const [network = ""] = name.split("-");
  const spec = join(folder, `${name}.vlm`);
  writeFileSync(spec, specOf(network, placed));
  const weights = join(folder, `${network}.safetensors`);
  const own = [...weightsOf(network)].map(([key, each]) => [key, { shape: each.shape, data: floats(each) }] as const);
  writeFileSync(weights, writeSafetensors(new Map(own)));
  return { spec, weights };
}
