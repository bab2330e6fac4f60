import {
  flagIn,
  isEmpty,
  mostPatterns,
  numberIn,
  type Patterned,
  patternsIn,
  shown,
  textsIn,
  valueFor,
} from "./config-fields.ts";
import { type DeclaredConfig, isPattern, modelFields } from "./declared-config.ts";
import { type Fields, fieldsOf, readJsonObject, type Wrong, wrong } from "./json-object.ts";
import { keysIn, type ListedName } from "./listed-names.ts";
import { changedWeights, isFormOfAdapter } from "./lora-starts.ts";
import { fitsName, PatternReader } from "./name-pattern.ts";
import { knownTypes } from "./peft-format.ts";
import { isTargetParameter, readTargetParameters, type TargetParameters } from "./target-parameters.ts";
import { readSaved, readTargets, type SavedModule, type Targets } from "./targets.ts";
import { readTokens, type TokensConfig, type TrainedTokens } from "./tokens.ts";

/** What PEFT's adapter_config.json says of how an adapter's tensors are used. */
export type PeftConfig = OfEveryConfig & (LoraConfig | Ia3Config | TokensConfig | DeclaredConfig);

/** What configs of all types say. */
interface OfEveryConfig {
  /** Which modules have adapters. */
  readonly targets: Targets;
  /** Whether the config itself names a module, or a parameter, as one that has an adapter. */
  readonly isTargeted: (name: string) => boolean;
  /** Which modules PEFT saves as a whole, beside the adapters. */
  readonly saved: readonly SavedModule[];
  /** The names by which it means modules, but those of `modules_to_save`. */
  readonly listed: readonly ListedName[];
  /** Whose biases were trained besides. */
  readonly biases: "all" | "adapted" | "none";
  /** Fields that are not known and may change nothing, with their values: a later version's have those as they were before it. */
  readonly unknown: readonly string[];
  /** The version of PEFT that wrote it, where it says so. */
  readonly version: string | null;
}

export interface LoraConfig {
  readonly kind: "lora";
  /** The rank and the alpha of a module, by its name in checkpoints. */
  readonly rankOf: (module: string) => number;
  readonly alphaOf: (module: string) => number;
  /** Those of modules that have others than most. */
  readonly patterns: { readonly ranks: Patterned; readonly alphas: Patterned };
  /** Whether the scale is alpha / sqrt(rank) instead of alpha / rank. */
  readonly rankStabilised: boolean;
  readonly dropout: number;
  /** DoRA: rows have learned lengths. */
  readonly hasLengths: boolean;
  /** Rows of tables that are trained besides. */
  readonly tokensOf: TrainedTokens;
  /** Parameters with adapters of their own, whose names the patterns for ranks and alphas are for, too. */
  readonly parametersOf: TargetParameters;
  readonly hasParameters: boolean;
}

export interface Ia3Config {
  readonly kind: "ia3";
  /** Whether the factors of a module, by its name in checkpoints, are for its inputs. */
  readonly isOnInputs: (module: string) => boolean;
}

/** Keys that change what the tensors mean, or that bring others, if they are anything but empty. */
const refusedKeys: ReadonlyMap<string, string> = new Map([
  ["lora_bias", "its updates have biases"],
  ["layer_replication", "it repeats layers"],
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
  ...modelFields,
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
  "target_parameters",
  ...["init_lora_weights", "init_ia3_weights", "loftq_config", "eva_config", "corda_config", "lora_ga_config"],
  // How the weights beside the adapters are stored, which a spec says itself.
  "fan_in_fan_out",
  ...["velora_config", "megatron_config", "megatron_core", "qalora_group_size", "ensure_weight_tying"],
]);

/** What `bias` may be, and whose biases that trains. */
const trainedBiases: Readonly<Record<string, PeftConfig["biases"]>> = {
  none: "none",
  all: "all",
  lora_only: "adapted",
};

/** LoRA's scale of the update B A for a module: PEFT's own formulas. */
export function scaleIn(config: LoraConfig, module: string): number {
  return scaleOf(config.alphaOf(module), config.rankOf(module), config);
}

export function scaleOf(alpha: number, rank: number, { rankStabilised }: Pick<LoraConfig, "rankStabilised">): number {
  return alpha / (rankStabilised ? Math.sqrt(rank) : rank);
}

/** Reads the text of an adapter_config.json; refuses, in words, what would make tensors mean something else. */
export function readPeftConfig(text: string): PeftConfig | Wrong {
  const read = readJsonObject(text);
  if (read.kind === "wrong") return read;
  const { fields } = read;
  const type = fields.get("peft_type");
  const isKnown = type === knownTypes.lora || type === knownTypes.ia3;
  const refused = refusedIn(fields) ?? (isKnown ? unsupportedIn(fields) : null);
  if (refused !== null) return wrong(refused);
  const reader = new PatternReader();
  const own = readOfType(type, fields, reader);
  const saved = readSaved(fields, reader);
  if (own.kind === "wrong") return own;
  if ("problem" in saved) return saved;
  const targets = readTargets(fields, saved, reader, own.kind !== "declared");
  if (targets.kind === "wrong") return targets;
  const bias = fields.get("bias");
  return {
    ...own,
    targets: withParameters(targets.targets, own),
    isTargeted: (name) =>
      targets.isTargeted(name) || (own.kind === "lora" && isTargetParameter(name, own.parametersOf)),
    saved,
    listed: [...targets.listed, ...listedIn(own, fields)],
    biases: (typeof bias === "string" ? trainedBiases[bias] : undefined) ?? "none",
    unknown: isKnown ? unknownIn(fields) : [],
    version: versionIn(fields),
  };
}

/** The names in fields of some types alone. */
function listedIn(config: ReturnType<typeof readOfType>, fields: Fields): readonly ListedName[] {
  if (config.kind === "declared") return [...config.patterns].flatMap(([field, patterns]) => keysIn(field, patterns));
  if (config.kind !== "lora") return [];
  const parameters = fields.get("target_parameters");
  const named = Array.isArray(parameters) ? parameters.map(String) : [];
  return [
    ...keysIn("rank_pattern", config.patterns.ranks),
    ...keysIn("alpha_pattern", config.patterns.alphas),
    ...named.map((called) => ({ field: "target_parameters", called, pattern: null })),
  ];
}

/** Parameters are named apart from modules, and excluded by nothing that excludes these. */
function withParameters(targets: Targets, config: ReturnType<typeof readOfType>): Targets {
  if (config.kind !== "lora") return targets;
  const { parametersOf } = config;
  return (name, mayBeRenamed) => (isTargetParameter(name, parametersOf) ? null : targets(name, mayBeRenamed));
}

function readOfType(
  type: unknown,
  fields: Fields,
  reader: PatternReader,
): LoraConfig | Ia3Config | TokensConfig | DeclaredConfig | Wrong {
  if (type === knownTypes.ia3) return readIa3(fields, reader);
  if (type === knownTypes.lora) return readLora(fields, reader);
  if (type === knownTypes.tokens) {
    const tokensOf = readTokens(fields, "token_indices");
    return "problem" in tokensOf ? tokensOf : { kind: "tokens", tokensOf };
  }
  const isName = typeof type === "string" && /^[A-Z][A-Z0-9_]{0,40}$/.test(type);
  return isName
    ? readDeclared(type, fields, reader)
    : wrong(`its \`peft_type\` is ${shown(type)}, but must be a type of PEFT, such as LORA`);
}

/** The fields that say what tensors mean, whatever that is; what is not used is left out. */
function readDeclared(type: string, fields: Fields, reader: PatternReader): DeclaredConfig | Wrong {
  const isUsed = (key: string, value: unknown): boolean =>
    !ofEveryType.has(key) || modelFields.has(key) || (key === "init_weights" && isFormOfAdapter(value));
  const used = [...fields].filter(([key, value]) => isUsed(key, value) && value !== 0 && !isEmpty(value));
  const patterns = new Map<string, Patterned>();
  for (const [key, value] of used) {
    const members = fieldsOf(value);
    const count = Array.isArray(value) ? value.length : (members?.size ?? 0);
    if (count > mostPatterns) return wrong(`its \`${key}\` has ${count} elements, more than ${mostPatterns}`);
    if (!isPattern(key) || members === null || [...members.values()].some((each) => typeof each !== "number")) continue;
    const read = patternsIn(fields, key, reader, "a number", Number.isFinite);
    if ("kind" in read) return read;
    patterns.set(key, read);
  }
  return { kind: "declared", type, fields: new Map(used), patterns };
}

function readIa3(fields: Fields, reader: PatternReader): Ia3Config | Wrong {
  const given = textsIn(fields, "feedforward_modules");
  if (typeof given === "string") {
    const pattern = reader.whole(given);
    if (pattern.kind === "wrong") return wrong(`in \`feedforward_modules\`, ${pattern.problem}`);
    return { kind: "ia3", isOnInputs: (module) => fitsName(pattern, module) };
  }
  if ("problem" in given) return given;
  if (given.length > mostPatterns)
    return wrong(`its \`feedforward_modules\` has ${given.length} elements, more than ${mostPatterns}`);
  return { kind: "ia3", isOnInputs: (module) => given.some((ending) => module.endsWith(ending)) };
}

function readLora(fields: Fields, reader: PatternReader): LoraConfig | Wrong {
  const rank = numberIn(fields, "r", "a whole number above 0", isRank);
  const alpha = numberIn(fields, "lora_alpha", "a number", Number.isFinite);
  const dropout = fields.has("lora_dropout")
    ? numberIn(fields, "lora_dropout", "a probability below 1", (value) => value >= 0 && value < 1)
    : 0;
  const ranks = patternsIn(fields, "rank_pattern", reader, "a whole number above 0", isRank);
  const alphas = patternsIn(fields, "alpha_pattern", reader, "a number", Number.isFinite);
  const rankStabilised = flagIn(fields, "use_rslora");
  const hasLengths = flagIn(fields, "use_dora");
  const tokensOf = readTokens(fields, "trainable_token_indices");
  const parametersOf = readTargetParameters(fields);
  if (typeof rank !== "number") return rank;
  if (typeof alpha !== "number") return alpha;
  if (typeof dropout !== "number") return dropout;
  if ("kind" in ranks) return ranks;
  if ("kind" in alphas) return alphas;
  if (typeof rankStabilised !== "boolean") return rankStabilised;
  if (typeof hasLengths !== "boolean") return hasLengths;
  if ("problem" in tokensOf) return tokensOf;
  if ("problem" in parametersOf) return parametersOf;
  return {
    kind: "lora",
    rankOf: (module) => valueFor(ranks, module) ?? rank,
    alphaOf: (module) => valueFor(alphas, module) ?? alpha,
    patterns: { ranks, alphas },
    rankStabilised,
    dropout,
    hasLengths,
    tokensOf,
    parametersOf,
    hasParameters: !isEmpty(fields.get("target_parameters")),
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
  if (typeof bias !== "string" || !Object.hasOwn(trainedBiases, bias))
    return `its \`bias\` is ${shown(bias)}, but must be none, all or lora_only`;
  return null;
}

/** The same for LoRA and IA3, of which the fields of one version are known: one that is not switches something on. */
function unsupportedIn(fields: Fields): string | null {
  const changed = changedWeights(fields.get("init_lora_weights"));
  if (changed !== null) return changed;
  const switched = newFieldsIn(fields).find(
    ([key, value]) => key.startsWith("use_") || (typeof value !== "number" && typeof value !== "string"),
  );
  return switched === undefined ? null : `it sets \`${switched[0]}\`, which is not supported`;
}

/** Fields that are not known, with numbers and names: settings of something that others switch on, as PEFT's are. */
function unknownIn(fields: Fields): readonly string[] {
  return newFieldsIn(fields).map(([key, value]) => `\`${key}\` (${shown(value)})`);
}

function newFieldsIn(fields: Fields): readonly (readonly [string, unknown])[] {
  return [...fields].filter(([key, value]) => !harmlessKeys.has(key) && !refusedKeys.has(key) && !isEmpty(value));
}
