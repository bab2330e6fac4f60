import type { AdapterKind } from "./adapter-kinds.ts";
import type { Ia3Config, LoraConfig } from "./config.ts";
import { type DeclaredConfig, storedValue } from "./declared-config.ts";
import { type Wrong, wrong } from "./json-object.ts";
import {
  factorsEnding,
  isOfAdapter,
  knownTypes,
  lengthsEnding,
  loraEndings,
  parameterEndings,
  tokensEnding,
} from "./peft-format.ts";
import type { StoredAdapter, StoredPart } from "./read.ts";
import type { TokensConfig } from "./tokens.ts";

/** One adapter of a file, as the `peft` clause of a declaration says what it is. */
export interface StoredPlacement {
  /** The type of PEFT's config. */
  readonly type: string;
  /** What it adapts, by its name in checkpoints; empty for the whole model. */
  readonly name: string;
  readonly isOfParameter: boolean;
  /** Tensors of it, by their names behind that of what it adapts; those of a type that is not known say nothing. */
  readonly tensors: readonly string[];
  /** The fields of the config that are in use. */
  readonly used: readonly string[];
  /** What a field says of it, where `pattern` may have other values of that field by names of modules; null where it is not in use. */
  readonly valueOf: (field: string, pattern: string | undefined) => unknown;
  /** How many rows a tensor of it has, by its name behind that of what it adapts; null where there is none. */
  readonly rowsOf: (tensor: string) => number | null;
}

export interface StoredPlacements {
  readonly kind: "placements";
  /** In the order of the file. */
  readonly placements: readonly StoredPlacement[];
  /** Tensors of the model itself that were trained beside the adapters, by their names in checkpoints. */
  readonly saved: readonly string[];
  /** Parameters that are stacks of matrices, of which nothing says whether these are [outputs, inputs] or [inputs, outputs]. */
  readonly unknownOrder: readonly string[];
}

/** What the tensors of an adapter on a parameter are for. */
interface AdaptedSizes {
  /** How many matrices the parameter has: 1 where it is no stack. */
  readonly matrices: number;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Whether a parameter, by its name in checkpoints, is a matrix or a stack of such that are [outputs, inputs] or [inputs, outputs]: PEFT has
 * that from the model's class, and no file says it.
 */
export type OrderOf = (parameter: string, sizes: AdaptedSizes) => "outputs-first" | "inputs-first" | "unknown";

/** Of a single matrix the order is known. */
export const orderByFile: OrderOf = (_, { matrices }) => (matrices > 1 ? "unknown" : "outputs-first");

/** What PEFT asks the module of an adapted stack of matrices for: whether they are [inputs, outputs]. A clause has it as a field. */
export const orderField = "is_transposed";

/** The adapters of a config whose type is known, each with the fields that say what its tensors mean. */
export function knownPlacements(
  { parts }: StoredAdapter,
  config: LoraConfig | Ia3Config | TokensConfig,
  orderOf: OrderOf,
): StoredPlacements | Wrong {
  const placements: StoredPlacement[] = [];
  const saved: string[] = [];
  const unknownOrder: string[] = [];
  // PEFT's file has both projections of an attention; of one that is left as it is the second matrix is zero.
  const adapted = new Set(
    [...parts.values()].flatMap((part) => (part.kind === "update" && !isZero(part) ? [part.attention] : [])),
  );
  for (const [name, part] of parts) {
    if (config.kind === "lora" && part.kind === "update") {
      if (part.attention !== null && adapted.has(part.attention) && isZero(part)) continue;
      const rank = config.rankOf(part.inPeft);
      if (rank !== part.rank)
        return wrong(`the rank of \`${name}\` is ${rank} in the config, but ${part.rank} in its tensors`);
      const { down = "", up = "" } = loraEndings.find(({ isOfTable }) => isOfTable === part.isEmbedding) ?? {};
      placements.push(placementOf(knownTypes.lora, name, [down, up], loraFields(config, part.inPeft)));
    } else if (config.kind === "lora" && part.kind === "tensor" && name.endsWith(parameterEndings.down)) {
      const parameter = name.slice(0, -parameterEndings.down.length);
      const order = orderOf(parameter, sizesOf(parameter, part, parts, config));
      if (order === "unknown") unknownOrder.push(parameter);
      const fields = { ...loraFields(config, parameter), [orderField]: order === "inputs-first" };
      const { down, up } = parameterEndings;
      placements.push({ ...placementOf(knownTypes.lora, parameter, [down, up], fields), isOfParameter: true });
    } else if (config.kind === "lora" && name.endsWith(parameterEndings.up)) continue;
    else if (config.kind === "ia3" && part.kind === "tensor" && name.endsWith(factorsEnding)) {
      const module = name.slice(0, -factorsEnding.length);
      const fields = { feedforward_modules: config.isOnInputs(module) };
      placements.push(placementOf(knownTypes.ia3, module, [factorsEnding], fields));
    } else if (config.kind !== "ia3" && name.endsWith(tokensEnding)) {
      const module = name.slice(0, -tokensEnding.length);
      const tokens = config.tokensOf(module);
      if (tokens === null || part.kind !== "tensor" || tokens.length !== part.shape[0])
        return wrong(`\`${name}\` has rows of other tokens than the config`);
      // Beside LoRA, too, PEFT trains them by an adapter of this type.
      placements.push(placementOf(knownTypes.tokens, module, [tokensEnding], { token_indices: tokens }));
    } else if (config.kind === "lora" && config.hasLengths && name.endsWith(lengthsEnding)) continue;
    else if (!isOfAdapter(name)) saved.push(name);
    else return wrong(`\`${name}\` does not belong to a supported adapter`);
  }
  return { kind: "placements", placements, saved, unknownOrder };
}

/** The adapters of a config whose type is known by declarations alone, which say what its tensors are called. */
export function declaredPlacements(
  { parts }: StoredAdapter,
  config: DeclaredConfig,
  kinds: readonly Pick<AdapterKind, "tensors" | "parts" | "shared" | "grouped">[],
): StoredPlacements {
  const names = new Set<string>();
  const saved: string[] = [];
  for (const name of parts.keys()) {
    const adapted = kinds.map((kind) => adaptedIn(name, kind)).find((each) => each !== null);
    if (adapted !== undefined) names.add(adapted);
    else if (!kinds.some((kind) => isSharedIn(name, kind))) saved.push(name);
  }
  const placements = [...names].map(
    (name): StoredPlacement => ({
      type: config.type,
      name,
      isOfParameter: false,
      tensors: [],
      used: [...config.fields.keys()],
      valueOf: (field, pattern) => storedValue(config, field, pattern, name),
      rowsOf: (tensor) => rowsOf(parts.get(`${name}.${tensor}`)),
    }),
  );
  return { kind: "placements", placements, saved, unknownOrder: [] };
}

/** Whether a tensor is one that all placements or a group of them share. */
function isSharedIn(name: string, { shared, grouped }: Pick<AdapterKind, "shared" | "grouped">): boolean {
  const ofAll = name.replace(/\.\d+$/, "");
  return [...shared].some((each) => isCopyOf(each, name)) || (ofAll !== name && grouped.has(ofAll));
}

/** Whether a tensor is one that modules share, by its name in checkpoints, or the copy of it that PEFT's file has of a module. */
export function isCopyOf(shared: string, name: string): boolean {
  return name === shared || name.endsWith(`.${shared}`);
}

/** What the adapter is on that a tensor belongs to, by its name in checkpoints; null where it is of none. */
function adaptedIn(name: string, { tensors, parts }: Pick<AdapterKind, "tensors" | "parts">): string | null {
  for (const tensor of tensors) {
    if (name === tensor) return "";
    if (name.endsWith(`.${tensor}`)) return name.slice(0, -tensor.length - 1);
  }
  for (const part of parts) {
    const at = `.${name}`.lastIndexOf(`.${part}.`);
    if (at >= 0) return name.slice(0, Math.max(0, at - 1));
  }
  return null;
}

function placementOf(
  type: string,
  name: string,
  endings: readonly string[],
  given: Readonly<Record<string, unknown>>,
): StoredPlacement {
  const fields = new Map(Object.entries(given));
  return {
    type,
    name,
    isOfParameter: false,
    tensors: endings.map((ending) => ending.slice(1)),
    used: [...fields].flatMap(([field, value]) => (value === false || value === 0 ? [] : [field])),
    valueOf: (field) => fields.get(field) ?? null,
    rowsOf: () => null,
  };
}

/** The fields of LoRA for a module or a parameter, by its name in PEFT; patterns are resolved. */
function loraFields(config: LoraConfig, inPeft: string): Readonly<Record<string, unknown>> {
  return {
    r: config.rankOf(inPeft),
    lora_alpha: config.alphaOf(inPeft),
    lora_dropout: config.dropout,
    use_rslora: config.rankStabilised,
    use_dora: config.hasLengths,
  };
}

function sizesOf(
  parameter: string,
  { shape: [rows = 0, inputs = 0] }: StoredPart & { readonly kind: "tensor" },
  parts: StoredAdapter["parts"],
  config: LoraConfig,
): AdaptedSizes {
  const up = parts.get(`${parameter}${parameterEndings.up}`);
  const outputs = up?.kind === "tensor" ? (up.shape[0] ?? 0) : 0;
  return { matrices: rows / config.rankOf(parameter), inputs, outputs };
}

function isZero({ update: { up } }: StoredPart & { readonly kind: "update" }): boolean {
  return Array.from(up).every((value) => value === 0);
}

function rowsOf(part: StoredPart | undefined): number | null {
  return part?.kind === "tensor" ? (part.shape[0] ?? null) : null;
}
