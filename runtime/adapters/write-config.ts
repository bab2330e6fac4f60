import { at, countAt } from "../at.ts";
import { fitsName, PatternReader } from "./name-pattern.ts";
import { knownTypes } from "./peft-format.ts";

/** A LoRA adapter on one module: the update scale x up x down. */
export interface LoraModule {
  /** The module's name in checkpoints. */
  readonly module: string;
  readonly rank: number;
  readonly scale: number;
  readonly dropout: number;
  readonly hasLengths: boolean;
}

export interface Ia3Module {
  readonly module: string;
  /** Inputs are what PEFT calls the modules of a feed-forward part. */
  readonly on: "inputs" | "outputs" | "either";
}

/** The fields of an adapter_config.json. */
export type ConfigFields = Readonly<Record<string, unknown>>;

/** What PEFT writes of every type. */
export const everyConfig = {
  auto_mapping: null,
  base_model_name_or_path: null,
  inference_mode: true,
  modules_to_save: null,
  revision: null,
  task_type: null,
} as const;

/**
 * The config of adapters that are all LoRA or all DoRA. Ranks and alphas are those of most modules; the others' are in
 * patterns. Alpha is scale x rank; it is scale x sqrt(rank), with `use_rslora`, where that gives whole numbers and the other
 * does not. Dropout, of which PEFT has one, is the largest. `parameters` have adapters of their own, by their names.
 */
export function loraConfig(ofModules: readonly LoraModule[], parameters: readonly LoraModule[] = []): ConfigFields {
  const modules = [...ofModules, ...parameters];
  const plain = modules.map(({ scale, rank }) => withoutNoise(scale * rank));
  const stabilised = modules.map(({ scale, rank }) => withoutNoise(scale * Math.sqrt(rank)));
  const isStabilised = !plain.every(Number.isInteger) && stabilised.every(Number.isInteger);
  const alphas = new Map(modules.map(({ module }, index) => [module, at(isStabilised ? stabilised : plain, index)]));
  const ranks = new Map(modules.map(({ module, rank }) => [module, rank]));
  const [rank, alpha] = [mostFrequent(ranks.values()), mostFrequent(alphas.values())];
  return {
    ...everyConfig,
    alpha_pattern: patternsFor(alphas, alpha),
    bias: "none",
    exclude_modules: null,
    fan_in_fan_out: false,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: alpha,
    lora_bias: false,
    lora_dropout: Math.max(...modules.map(({ dropout }) => dropout)),
    peft_type: knownTypes.lora,
    r: rank,
    rank_pattern: patternsFor(ranks, rank),
    // Without any PEFT would add modules of its own choice.
    target_modules: ofModules.map(({ module }) => module),
    ...(parameters.length > 0 && { target_parameters: parameters.map(({ module }) => module) }),
    use_dora: modules.some(({ hasLengths }) => hasLengths),
    use_rslora: isStabilised,
  };
}

export function ia3Config(modules: readonly Ia3Module[]): ConfigFields {
  return {
    ...everyConfig,
    exclude_modules: null,
    fan_in_fan_out: false,
    feedforward_modules: modules.flatMap(({ module, on }) => (on === "inputs" ? [module] : [])),
    init_ia3_weights: true,
    peft_type: knownTypes.ia3,
    target_modules: modules.map(({ module }) => module),
  };
}

/**
 * A config whose names mean the modules that it lists and no others of a model, of which all have to be given. To PEFT a name in a list is
 * how names of modules end; where another module's ends so, all are written as one regular expression for whole names.
 */
export function meaningOnly(config: ConfigFields, modules: ReadonlySet<string>): ConfigFields {
  const exact = (key: string, isMeant: (module: string, name: string) => boolean): ConfigFields => {
    const names: unknown = config[key];
    if (!Array.isArray(names)) return {};
    const own = new Set(names.map(String));
    const isAmbiguous = [...modules].some(
      (module) => !own.has(module) && [...own].some((name) => isMeant(module, name)),
    );
    return isAmbiguous ? { [key]: [...own].map(escapedName).join("|") } : {};
  };
  return {
    ...config,
    ...exact("target_modules", (module, name) => module.endsWith(`.${name}`)),
    // Of these it does not ask for a dot.
    ...exact("feedforward_modules", (module, name) => module.endsWith(name)),
  };
}

function escapedName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_]/gu, "\\$&");
}

/** A number that was computed from one with few digits: 47.99999999999 is 48. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(10));
}

export function mostFrequent(values: Iterable<number>): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, countAt(counts, value) + 1);
  const [most] = at(
    [...counts].sort(([, a], [, b]) => b - a),
    0,
  );
  return most;
}

/**
 * The values that differ from the usual one, by names of modules. To PEFT a name is a regular expression for how other names
 * end, and the first that fits counts; a name that would mean another module's is written so that it fits itself alone.
 */
export function patternsFor(values: ReadonlyMap<string, number>, usual: number): Readonly<Record<string, number>> {
  const fitsOnlyItsOwn = (module: string): boolean => {
    const pattern = new PatternReader().ending(module);
    if (pattern.kind === "wrong") return false;
    const value = values.get(module);
    return [...values].every(([other, itsValue]) => itsValue === value || !fitsName(pattern, other));
  };
  const escaped = (module: string): string => `^${escapedName(module)}`;
  return Object.fromEntries(
    [...values].flatMap(([module, value]) =>
      value === usual ? [] : [[fitsOnlyItsOwn(module) ? module : escaped(module), value]],
    ),
  );
}
