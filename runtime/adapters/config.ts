import type { DeclaredConfig } from "./declared-config.ts";
import { type Fields, fieldsOf, readJsonObject, type Wrong, wrong } from "./json-object.ts";
import { changedWeights, isFormOfAdapter } from "./lora-starts.ts";
import { fitsName, type NamePattern, readNamePattern } from "./name-pattern.ts";
import { readTokens, type TokensConfig, type TrainedTokens } from "./tokens.ts";

/** What PEFT's adapter_config.json says of how an adapter's tensors are used. */
export type PeftConfig = LoraConfig | Ia3Config | TokensConfig | DeclaredConfig;

export interface LoraConfig {
  readonly kind: "lora";
  /** The rank and the alpha of a module, by its name in checkpoints. */
  readonly rankOf: (module: string) => number;
  readonly alphaOf: (module: string) => number;
  /** Whether the scale is alpha / sqrt(rank) instead of alpha / rank. */
  readonly rankStabilised: boolean;
  readonly dropout: number;
  /** DoRA: rows have learned lengths. */
  readonly hasLengths: boolean;
  /** Rows of tables that are trained besides. */
  readonly tokensOf: TrainedTokens;
  /** The version of PEFT that wrote it, where it says so. */
  readonly version: string | null;
}

export interface Ia3Config {
  readonly kind: "ia3";
  /** Whether the factors of a module, by its name in checkpoints, are for its inputs. */
  readonly isOnInputs: (module: string) => boolean;
  readonly version: string | null;
}

/** Patterns in a config; a model has at most some hundred different ranks. */
const mostPatterns = 2000;

/** Keys that change what the tensors mean, or that bring others, if they are anything but empty. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ["lora_bias", "its updates have biases"],
  ["layer_replication", "it repeats layers"],
  ["target_parameters", "it adapts parameters instead of modules"],
  ["alora_invocation_tokens", "it applies only after certain tokens"],
  ["use_qalora", "its inputs are pooled"],
  ["use_bdlora", "its matrices are block-diagonal"],
  ["arrow_config", "it chooses among adapters"],
  ["kasa_config", "it changes the adapted weights"],
  ["monteclora_config", "its matrices are sampled"],
]);

/** Keys of every type that change nothing in how stored tensors are used: what they belong to, and how they started. */
const ofEveryType: ReadonlySet<string> = new Set([
  ...["peft_type", "peft_version", "task_type", "inference_mode", "revision", "auto_mapping"],
  ...["base_model_name_or_path", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"],
  // What PEFT takes from the model where a config leaves it out.
  ...["num_layers", "num_attention_heads"],
  // What is saved besides is in the file under its own name.
  "modules_to_save",
  ...["bias", "init_weights", "prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path"],
]);

/** The same for LoRA and IA3. */
const harmlessKeys: ReadonlySet<string> = new Set([
  ...ofEveryType,
  "feedforward_modules",
  ...["r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "bias"],
  "trainable_token_indices",
  ...["init_lora_weights", "init_ia3_weights", "loftq_config", "eva_config", "corda_config", "lora_ga_config"],
  // How the weights beside the adapters are stored, which a spec says itself.
  "fan_in_fan_out",
  ...["velora_config", "megatron_config", "megatron_core", "qalora_group_size", "ensure_weight_tying"],
]);

const biases: readonly unknown[] = ["none", "all", "lora_only"];

/** LoRA's scale of the update B A for a module: PEFT's own formulas. */
export function scaleIn(config: LoraConfig, module: string): number {
  const rank = config.rankOf(module);
  return config.alphaOf(module) / (config.rankStabilised ? Math.sqrt(rank) : rank);
}

/** Reads the text of an adapter_config.json; refuses, in words, what would make tensors mean something else. */
export function readPeftConfig(text: string): PeftConfig | Wrong {
  const read = readJsonObject(text);
  if (read.kind === "wrong") return read;
  const { fields } = read;
  const type = fields.get("peft_type");
  const refused = refusedIn(fields) ?? (type === "LORA" || type === "IA3" ? unsupportedIn(fields) : null);
  if (refused !== null) return wrong(refused);
  if (type === "IA3") return readIa3(fields);
  if (type === "LORA") return readLora(fields);
  if (type === "TRAINABLE_TOKENS") {
    const tokensOf = readTokens(fields, "token_indices");
    return "problem" in tokensOf ? tokensOf : { kind: "tokens", tokensOf, version: versionIn(fields) };
  }
  const isName = typeof type === "string" && /^[A-Z][A-Z0-9_]{0,40}$/.test(type);
  return isName ? readDeclared(type, fields) : wrong(`its \`peft_type\` is ${shown(type)}, but must be a name`);
}

/** The fields that say what tensors mean, whatever that is; what is not used is left out. */
function readDeclared(type: string, fields: Fields): DeclaredConfig | Wrong {
  const isUsed = (key: string, value: unknown): boolean =>
    !ofEveryType.has(key) || (key === "init_weights" && isFormOfAdapter(value));
  const used = [...fields].filter(([key, value]) => isUsed(key, value) && value !== 0 && !isEmpty(value));
  for (const [key, value] of used) {
    const count = Array.isArray(value) ? value.length : (fieldsOf(value)?.size ?? 0);
    if (count > mostPatterns) return wrong(`its \`${key}\` has ${count} elements, more than ${mostPatterns}`);
  }
  return { kind: "declared", type, fields: new Map(used), version: versionIn(fields) };
}

function readIa3(fields: Fields): Ia3Config | Wrong {
  const given = fields.get("feedforward_modules") ?? [];
  const endings = Array.isArray(given) ? given.filter((each): each is string => typeof each === "string") : null;
  if (endings === null || endings.length > mostPatterns)
    return wrong(`its \`feedforward_modules\` is ${shown(given)}, but must be a list of names`);
  const isOnInputs = (module: string): boolean => endings.some((ending) => module.endsWith(ending));
  return { kind: "ia3", isOnInputs, version: versionIn(fields) };
}

function readLora(fields: Fields): LoraConfig | Wrong {
  const rank = numberIn(fields, "r", "a whole number above 0", isRank);
  const alpha = numberIn(fields, "lora_alpha", "a number", Number.isFinite);
  const dropout = fields.has("lora_dropout")
    ? numberIn(fields, "lora_dropout", "a probability below 1", (value) => value >= 0 && value < 1)
    : 0;
  const ranks = patternsIn(fields, "rank_pattern", "a whole number above 0", isRank);
  const alphas = patternsIn(fields, "alpha_pattern", "a number", Number.isFinite);
  const rankStabilised = flagIn(fields, "use_rslora");
  const hasLengths = flagIn(fields, "use_dora");
  const tokensOf = readTokens(fields, "trainable_token_indices");
  if (typeof rank !== "number") return rank;
  if (typeof alpha !== "number") return alpha;
  if (typeof dropout !== "number") return dropout;
  if ("kind" in ranks) return ranks;
  if ("kind" in alphas) return alphas;
  if (typeof rankStabilised !== "boolean") return rankStabilised;
  if (typeof hasLengths !== "boolean") return hasLengths;
  if ("problem" in tokensOf) return tokensOf;
  const first = (patterns: readonly Patterned[], otherwise: number) => (module: string) =>
    patterns.find(({ pattern }) => fitsName(pattern, module))?.value ?? otherwise;
  return {
    kind: "lora",
    rankOf: first(ranks, rank),
    alphaOf: first(alphas, alpha),
    rankStabilised,
    dropout,
    hasLengths,
    tokensOf,
    version: versionIn(fields),
  };
}

/** PEFT writes its version since 0.18. */
function versionIn(fields: Fields): string | null {
  const version = fields.get("peft_version");
  return typeof version === "string" ? version : null;
}

function isRank(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** Why what the fields say cannot be used, or null. */
function refusedIn(fields: Fields): string | null {
  for (const [key, why] of refusedKeys) if (!isEmpty(fields.get(key))) return `it sets \`${key}\`: ${why}`;
  const bias = fields.get("bias") ?? "none";
  // Trained biases are in the file under their own names.
  if (!biases.includes(bias)) return `its \`bias\` is ${shown(bias)}, but must be none, all or lora_only`;
  return null;
}

/** The same for LoRA and IA3, of whose fields all are known. */
function unsupportedIn(fields: Fields): string | null {
  const changed = changedWeights(fields.get("init_lora_weights"));
  if (changed !== null) return changed;
  for (const [key, value] of fields) {
    if (harmlessKeys.has(key) || refusedKeys.has(key) || isEmpty(value)) continue;
    return `it sets \`${key}\`, which is not supported`;
  }
  return null;
}

/** What PEFT writes where something is not used. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : fieldsOf(value)?.size === 0;
}

function numberIn(fields: Fields, key: string, what: string, isValid: (value: number) => boolean): number | Wrong {
  const value = fields.get(key);
  if (typeof value === "number" && isValid(value)) return value;
  return wrong(`its \`${key}\` is ${shown(value)}, but must be ${what}`);
}

function flagIn(fields: Fields, key: string): boolean | Wrong {
  const value = fields.get(key) ?? false;
  return typeof value === "boolean" ? value : wrong(`its \`${key}\` is ${shown(value)}, but must be true or false`);
}

interface Patterned {
  readonly pattern: NamePattern;
  readonly value: number;
}

function patternsIn(
  fields: Fields,
  key: string,
  what: string,
  isValid: (value: number) => boolean,
): readonly Patterned[] | Wrong {
  const given = fields.get(key) ?? {};
  const patterns = fieldsOf(given);
  if (patterns === null) return wrong(`its \`${key}\` is ${shown(given)}, but must be an object`);
  if (patterns.size > mostPatterns)
    return wrong(`its \`${key}\` has ${patterns.size} patterns, more than ${mostPatterns}`);
  const found: Patterned[] = [];
  for (const name of patterns.keys()) {
    const value = numberIn(patterns, name, what, isValid);
    const pattern = readNamePattern(name);
    if (typeof value !== "number") return wrong(`in \`${key}\`, ${value.problem}`);
    if (pattern.kind === "wrong") return wrong(`in \`${key}\`, ${pattern.problem}`);
    found.push({ pattern, value });
  }
  return found;
}

/** A value as it would stand in the file, cut where it is long. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON has no form for what is too large for a number.
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
