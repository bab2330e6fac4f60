import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../runtime/weights/index.ts";
import { fixtureIn, floats, readTensors, specOfSmall, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-conv";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

export const below = fixtureIn(fixture);

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

/** A spec of a network of the fixture with some placements. */
export function specOf(network: string, placed: readonly string[]): string {
  const libraries = ["dora", "ia3", "lora"];
  return specOfSmall({ libraries, networks, network: `${network}()`, encoder: "vision", placed, batch: 2 });
}

/** PEFT's lengths of rows as their difference from those of the weight. */
export function changeOf(lengths: Float32Array, weight: Float32Array): Float32Array {
  const size = weight.length / lengths.length;
  return lengths.map((length, row) => length - Math.hypot(...weight.subarray(row * size, (row + 1) * size)));
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
  writeTensors(weights, new Map(own));
  return { spec, weights };
}

/** Adapters of the fixture; DoRA's lengths as the change that the spec has. */
export function adapterOf(folder: string, name: string): string {
  if (!name.endsWith("dora")) return join(fixture, name);
  const [network = ""] = name.split("-");
  const weights = below(`${network}.`);
  const tensors = [...readTensors(join(fixture, name, "adapter_model.safetensors"))].map(([key, each]) => {
    const own = key.replace("base_model.model.", "");
    const data = floats(each);
    if (!own.endsWith("lora_magnitude_vector")) return [own, { shape: each.shape, data }] as const;
    const module = own.replace(".lora_magnitude_vector", "");
    const change = changeOf(data, floats(weights.get(`${module}.weight`) ?? each));
    return [`${module}.lora_magnitude_change`, { shape: [data.length], data: change }] as const;
  });
  const file = join(folder, `${name}-change.safetensors`);
  writeFileSync(file, writeSafetensors(new Map(tensors)));
  return file;
}
