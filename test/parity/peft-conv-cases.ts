import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";

export const fixture = "test/fixtures/peft-conv";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  "line-lora": ["lora(rank = 4, alpha = 8) on vision.stem, vision.grouped, vision.point"],
  "line-dora": ["dora(rank = 4, alpha = 8) on vision.stem, vision.point"],
  "flat-lora": [
    "lora(rank = 4, alpha = 8) on vision.stem, vision.grouped, vision.point",
    "lora(rank = 12, alpha = 8) on vision.each",
  ],
  "flat-rslora": ["lora(rank = 4, alpha = 8, rank_stabilised = true) on vision.stem, vision.point"],
  "flat-dora": ["dora(rank = 4, alpha = 8) on vision.stem, vision.point"],
  "flat-ia3": ["ia3() on vision.stem", "ia3(on_inputs = true) on vision.grouped, vision.each"],
  "deep-lora": ["lora(rank = 4, alpha = 8) on vision.stem, vision.wide, vision.point"],
  "deep-merged": ["lora(rank = 4, alpha = 8) on vision.stem, vision.wide"],
  "deep-dora": ["dora(rank = 4, alpha = 8) on vision.stem, vision.wide"],
  "deep-ia3": ["ia3() on vision.stem", "ia3(on_inputs = true) on vision.wide"],
};

/** A spec of a network of the fixture with some placements, whose loss is the mean of the squared outputs. */
export function specOf(network: string, placed: readonly string[]): string {
  return `import "std/dora"
import "std/ia3"
import "std/lora"
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

/** The largest absolute difference of a tensor from another over the largest absolute value of that. */
export function relative(found: ArrayLike<number> | undefined, expected: StoredTensor): number {
  const values = [...elementsOf(expected)];
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / Math.max(...values.map(Math.abs));
}

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
  const own = [...below(`${network}.`)].filter(([key]) => !/^(?:\w+\.(?:output|grad|merged)|x$)/.test(key));
  writeFileSync(
    weights,
    writeSafetensors(
      new Map(own.map(([key, each]) => [key, { shape: each.shape, data: Float32Array.from(elementsOf(each)) }])),
    ),
  );
  return { spec, weights };
}

/** Adapters of the fixture; DoRA's lengths as the change that the spec has. */
export function adapterOf(folder: string, name: string): string {
  if (!name.endsWith("dora")) return join(fixture, name);
  const [network = ""] = name.split("-");
  const weights = below(`${network}.`);
  const tensors = [...readTensors(join(fixture, name, "adapter_model.safetensors"))].map(([key, each]) => {
    const own = key.replace("base_model.model.", "");
    const data = Float32Array.from(elementsOf(each));
    if (!own.endsWith("lora_magnitude_vector")) return [own, { shape: each.shape, data }] as const;
    const module = own.replace(".lora_magnitude_vector", "");
    const weight = [...elementsOf(weights.get(`${module}.weight`) ?? each)];
    const size = weight.length / data.length;
    const change = data.map((length, row) => length - Math.hypot(...weight.slice(row * size, (row + 1) * size)));
    return [`${module}.lora_magnitude_change`, { shape: [data.length], data: change }] as const;
  });
  const file = join(folder, `${name}-change.safetensors`);
  writeFileSync(file, writeSafetensors(new Map(tensors)));
  return file;
}
