import { fixtureOfOne } from "./peft-one-network.ts";

export const fixture = "test/fixtures/peft-parameters";

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

export const { below, weights, specOf, inputs, writeCase } = fixtureOfOne({
  ...{ fixture, placements, network: "bare()", encoder: "vision", input: { name: "x", dtype: "f32" } },
  libraries: ["lora", "lora_parameter"],
  isWeight: (name) => /^(?:placed|layers|turned)\./.test(name),
});

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

/** The values that a spec has for those of PEFT's. */
export function ownValues(_: string, values: Float32Array): Float32Array {
  return values;
}
