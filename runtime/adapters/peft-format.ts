import type { AdapterFormat } from "../../compiler/index.ts";

/** How the names of LoRA's two matrices end in checkpoints, behind that of the adapted module. */
export interface LoraEndings {
  readonly down: string;
  readonly up: string;
  /** Whether the module is a table of which rows are looked up. */
  readonly isOfTable: boolean;
}

const ofModules: LoraEndings = { down: ".lora_A.weight", up: ".lora_B.weight", isOfTable: false };
const ofTables: LoraEndings = { down: ".lora_embedding_A", up: ".lora_embedding_B", isOfTable: true };

/** Those of PEFT. */
export const loraEndings: readonly LoraEndings[] = [ofModules, ofTables];

/** Those of loralib. Kinds of PEFT have them too, with a config, or with more tensors of a module than these two. */
export const loralibEndings: LoraEndings = { down: ".lora_A", up: ".lora_B", isOfTable: false };

/** The same behind the name of an adapted parameter, in a spec: PEFT's files have them behind that of the parameter's module. */
export const parameterEndings = { down: ".lora_parameter_A", up: ".lora_parameter_B" } as const;

/** DoRA's lengths of rows. */
export const lengthsEnding = ".lora_magnitude_vector";

/** IA3's factors. */
export const factorsEnding = ".ia3_l";

/** Rows of a table that are trained; beside LoRA PEFT has them in a module of its own. */
export const tokensEnding = ".trainable_tokens_delta";

/** The types of PEFT whose adapters are found by what they compute, and whose configs are known. */
export const knownTypes = { lora: "LORA", ia3: "IA3", tokens: "TRAINABLE_TOKENS" } as const;

export const peftFormat: AdapterFormat = {
  types: {
    "low-rank": knownTypes.lora,
    "low-rank-change": knownTypes.lora,
    "low-rank-parameter": knownTypes.lora,
    factors: knownTypes.ia3,
    rows: knownTypes.tokens,
  },
  matrices: [...loraEndings, loralibEndings],
  ofParameter: parameterEndings,
  factors: factorsEnding,
  rows: tokensEnding,
};

/** Whether a tensor is one of PEFT's for some type of adapters, known or not. */
export function isOfAdapter(name: string): boolean {
  return /\.(?:lora|ia3|hada|lokr|vera|oft|boft|beft|hra|ln_tuning|trainable_tokens)_/.test(name);
}
