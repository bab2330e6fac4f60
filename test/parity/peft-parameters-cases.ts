import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn, specOfSmall, type Tensors, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-parameters";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

export const below = fixtureIn(fixture);

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  matrices: [
    "lora_parameter(rank = 3, alpha = 6) on vision.attn.in_proj.weight",
    "lora_parameter(rank = 2, alpha = 6) on vision.placed.position",
  ],
  experts: [
    "lora_parameter(rank = i => 2 + i, alpha = 3, rank_stabilised = true) on vision.experts.up",
    "lora_parameter(rank = 2, alpha = 5, rank_stabilised = true) on vision.experts.down",
  ],
  swapped: [
    "lora_parameter(rank = 2, alpha = 4, transposed = true) on vision.turned.weight",
    "lora_parameter(rank = 2, alpha = 4) on vision.token",
  ],
  mixed: [
    "lora(rank = 2, alpha = 4) on vision.fc, vision.experts.router",
    "lora_parameter(rank = 2, alpha = 4) on vision.placed.token, vision.placed.position, vision.layers[0].experts.up",
    "expect count(vision.layers[0].experts.up) = 1",
  ],
};

/** A spec of the network with some placements. */
export function specOf(placed: readonly string[], networksOf = networks): string {
  const libraries = ["lora", "lora_parameter"];
  return specOfSmall({ libraries, networks: networksOf, network: "bare()", encoder: "vision", placed, batch: 4 });
}

/** The network's own weights. */
export const weights: Tensors = new Map([...below("")].filter(([name]) => /^(?:placed|layers|turned)\./.test(name)));

/** The parameters of modules on which PEFT puts adapters, in the order in which it nests them. */
const nested: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  matrices: { attn: ["in_proj_weight"], placed: ["position"] },
  experts: { experts: ["up", "down"] },
  swapped: { turned: ["weight"], placed: ["token"] },
  mixed: { placed: ["token", "position"], experts: ["up"] },
};

/** What a spec calls a tensor of PEFT's files: the first of the parameters of a module is innermost. */
export function ownName(name: string, of: string): string {
  const [, whole = "", letter = ""] = /^(.*)\.lora_([AB])\.weight$/.exec(name.replace("base_model.model.", "")) ?? [];
  const module = whole.replaceAll(".base_layer", "");
  const parameters = nested[of]?.[module.split(".").at(-1) ?? ""];
  const inner = whole.length - whole.replace(/(\.base_layer)*$/, "").length;
  const parameter = parameters?.at(-1 - inner / ".base_layer".length);
  if (parameter === undefined) return `${module}.lora_${letter}.weight`;
  return `${module}.${parameter}.lora_parameter_${letter}`;
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
