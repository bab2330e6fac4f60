import { countAt } from "../at.ts";
import type { PeftConfig } from "./config.ts";
import { groupsOfDeclared } from "./declared-placements.ts";
import type { Wrong } from "./json-object.ts";
import type { LibraryKind } from "./library-kinds.ts";
import type { PlacedGroups } from "./placed-groups.ts";
import type { StoredAdapter, StoredPart } from "./read.ts";
import { parameterEndings } from "./target-parameters.ts";
import { tokensEnding } from "./tokens.ts";

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

/** What PEFT's adapters are in a spec, or in words why a spec has nothing like them; `library` has the adapters that say what they are in PEFT. */
export function groupsOf(
  { parts }: StoredAdapter,
  config: PeftConfig,
  library: readonly LibraryKind[],
  orderOf: OrderOf = orderByFile,
): PlacedGroups | Wrong {
  if (config.kind === "declared") return groupsOfDeclared(parts, config, library);
  const saved: string[] = [];
  const unknownOrder: string[] = [];
  const groups = new Map<string, { library: string; modules: string[] }>();
  const add = (call: string, module: string): void => {
    const group = groups.get(call) ?? { library: call.slice(0, call.indexOf("(")), modules: [] };
    group.modules.push(module);
    groups.set(call, group);
  };
  // PEFT's file has both projections of an attention; of one that is left as it is the second matrix is zero.
  const adapted = new Set(
    [...parts.values()].flatMap((part) => (part.kind === "update" && !isZero(part) ? [part.attention] : [])),
  );
  for (const [name, part] of parts) {
    if (config.kind === "lora" && part.kind === "update") {
      if (part.attention !== null && adapted.has(part.attention) && isZero(part)) continue;
      const rank = config.rankOf(part.inPeft);
      if (rank !== part.rank)
        return {
          kind: "wrong",
          problem: `the rank of \`${name}\` is ${rank} in the config, but ${part.rank} in its tensors`,
        };
      add(loraCall(rank, config.alphaOf(part.inPeft), part.isEmbedding, config), name);
    } else if (config.kind === "lora" && part.kind === "tensor" && name.endsWith(parameterEndings.down)) {
      const parameter = name.slice(0, -parameterEndings.down.length);
      const up = parts.get(`${parameter}${parameterEndings.up}`);
      const [rows = 0, inputs = 0] = part.shape;
      const outputs = up?.kind === "tensor" ? (up.shape[0] ?? 0) : 0;
      const order = orderOf(parameter, { matrices: rows / config.rankOf(parameter), inputs, outputs });
      if (order === "unknown") unknownOrder.push(parameter);
      add(parameterCall(parameter, config, order === "inputs-first"), parameter);
    } else if (config.kind === "lora" && name.endsWith(parameterEndings.up)) continue;
    else if (config.kind === "ia3" && part.kind === "tensor" && name.endsWith(factorsEnding)) {
      const module = name.slice(0, -factorsEnding.length);
      add(config.isOnInputs(module) ? "ia3(on_inputs = true)" : "ia3()", module);
    } else if ((config.kind === "lora" || config.kind === "tokens") && name.endsWith(tokensEnding)) {
      const module = name.slice(0, -tokensEnding.length);
      const tokens = config.tokensOf(module);
      if (tokens === null || part.kind !== "tensor" || tokens.length !== part.shape[0])
        return { kind: "wrong", problem: `\`${name}\` has rows of other tokens than the config` };
      add(`trainable_tokens(tokens = [${tokens.join(", ")}])`, module);
    } else if (config.kind === "lora" && config.hasLengths && name.endsWith(lengthsEnding)) continue;
    else if (!isOfAdapter(name)) saved.push(name);
    else return { kind: "wrong", problem: `\`${name}\` does not belong to a supported adapter` };
  }
  if (groups.size === 0) return { kind: "wrong", problem: "there are no adapters in it" };
  const placed = [...groups].map(([call, group]) => ({ call, ...group, wraps: [] }));
  return { kind: "groups", groups: placed, saved, unknownOrder };
}

/** Whether a tensor is one of PEFT's for some kind of adapter, known or not. */
function isOfAdapter(name: string): boolean {
  return /\.(?:lora|ia3|hada|lokr|vera|oft|boft|beft|hra|ln_tuning|trainable_tokens)_/.test(name);
}

function isZero({ update: { up } }: StoredPart & { readonly kind: "update" }): boolean {
  return Array.from(up).every((value) => value === 0);
}

const factorsEnding = ".ia3_l";
const lengthsEnding = ".lora_magnitude_vector";

function parameterCall(parameter: string, config: PeftConfig & { readonly kind: "lora" }, isTurned: boolean): string {
  const settings = [`rank = ${config.rankOf(parameter)}`, `alpha = ${config.alphaOf(parameter)}`];
  if (config.rankStabilised) settings.push("rank_stabilised = true");
  if (isTurned) settings.push("transposed = true");
  return `lora_parameter(${settings.join(", ")})`;
}

function loraCall(
  rank: number,
  alpha: number,
  isEmbedding: boolean,
  config: PeftConfig & { readonly kind: "lora" },
): string {
  const settings = [`rank = ${rank}`, `alpha = ${alpha}`];
  // PEFT knows no dropout of embeddings.
  if (config.dropout > 0 && !config.hasLengths && !isEmbedding) settings.push(`dropout = ${config.dropout}`);
  if (config.rankStabilised) settings.push("rank_stabilised = true");
  return `${config.hasLengths ? "dora" : "lora"}${isEmbedding ? "_embedding" : ""}(${settings.join(", ")})`;
}

/** Names that differ in their numbers only, each with how many there are: `encoder.layer.*.query`. */
export function withoutNumbers(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const written = name.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*");
    counts.set(written, countAt(counts, written) + 1);
  }
  return counts;
}
