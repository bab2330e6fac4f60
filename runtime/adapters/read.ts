import { type Diagnostic, report } from "../../grammar/index.ts";
import { countAt } from "../at.ts";
import { countOf, type PlacedTensor } from "../weights/index.ts";
import { attentionOf, type OpenAdapter, openAdapter } from "./attention.ts";
import { type LoraConfig, scaleIn } from "./config.ts";
import { conflictsWith } from "./conflicts.ts";
import { type FoundConfig, peftConfigFor } from "./folder.ts";
import { modulesInFile, namedInVain } from "./listed-modules.ts";
import type { LowRankUpdate } from "./low-rank.ts";
import type { OpenModel } from "./open.ts";
import { type LoraEndings, loraEndings, loralibEndings } from "./peft-format.ts";
import { moduleInPeft, withoutPrefix } from "./peft-names.ts";
import type { ParameterOrder } from "./target-parameters.ts";

/** What a file of adapters has for one name in checkpoints: LoRA's two matrices of a module, or one tensor. */
export type StoredPart =
  | {
      readonly kind: "update";
      /** Whether it is of a table of which rows are looked up. */
      readonly isEmbedding: boolean;
      /** The nn.MultiheadAttention that it belongs to. */
      readonly attention: string | null;
      /** The module's name in the model that PEFT was given, by which a config has its rank and alpha: of an attention, the whole. */
      readonly inPeft: string;
      readonly rank: number;
      /** The update without its scale where that is not known. */
      readonly update: LowRankUpdate;
      readonly isScaled: boolean;
      /** The second matrix as it is stored, [outputs, rank / groups]. */
      readonly up: Float64Array;
      readonly groups: number;
      /** Places of a convolution: `down` is [rank, inputs / places, ...kernel]. */
      readonly kernel: readonly number[];
    }
  | { readonly kind: "tensor"; readonly shape: readonly number[]; readonly values: Float64Array };

export interface StoredAdapter {
  readonly kind: "adapter";
  /** In the order of the file. */
  readonly parts: ReadonlyMap<string, StoredPart>;
  readonly config: FoundConfig & { readonly kind: "none" | "config" };
  /** What the config names and the file has nothing of, in words. */
  readonly unmet: readonly string[];
}

/** Modules in a file, each held against every pattern of its config. */
const mostModules = 100_000;

/** Ranks up to which matrices are compared by their product; it takes rank x rank steps for each row and column. */
const highestRank = 1024;

/** Reads a file of adapters, with the config beside it; `scales` has those of modules where there is no config. */
export function readAdapter(
  file: string,
  scales: ReadonlyMap<string, number> = new Map(),
  order?: ParameterOrder,
): StoredAdapter | { readonly kind: "wrong"; readonly diagnostic: Diagnostic } {
  const opened = openAdapter(file, null, order);
  if (opened.kind === "wrong") return opened;
  try {
    const config = peftConfigFor(file, opened);
    if (config.kind === "wrong") return config;
    if (opened.tensors.size > mostModules) {
      const problem = `it has ${opened.tensors.size} tensors, more than ${mostModules}`;
      return { kind: "wrong", diagnostic: report("bad-tensor-file", file, { path: file, problem }) };
    }
    const [conflict] = config.kind === "config" ? conflictsWith(config.file, config.config, file, opened) : [];
    if (conflict !== undefined) return { kind: "wrong", diagnostic: conflict };
    const single = config.kind === "config" && config.config.kind === "lora" ? singleMatrix(opened) : null;
    if (single !== null) {
      const problem = `it has \`${single.has}\`, but not \`${single.lacks}\``;
      return {
        kind: "wrong",
        diagnostic: report("bad-tensor-file", file, { path: file, problem }, { help: incomplete }),
      };
    }
    const unmet =
      config.kind === "none" ? [] : namedInVain(config.config, modulesInFile(opened.inFile.values()), null, file);
    return { kind: "adapter", parts: partsOf(opened, config, scales), config, unmet };
  } finally {
    opened.close();
  }
}

const incomplete = "PEFT writes both matrices of each module: was the file cut, or are there others of it?";

/** A matrix of LoRA without the other one, and the name of that; null where there is none. */
function singleMatrix({ tensors }: OpenAdapter): { readonly has: string; readonly lacks: string } | null {
  const pairs = loraEndings.flatMap(({ down, up }) => [
    { own: down, other: up },
    { own: up, other: down },
  ]);
  for (const has of tensors.keys())
    for (const { own, other } of pairs) {
      const lacks = has.endsWith(own) ? `${has.slice(0, -own.length)}${other}` : null;
      if (lacks !== null && !tensors.has(lacks)) return { has, lacks };
    }
  return null;
}

/** A tensor of an adapter, with all of its elements in memory. */
interface LoadedTensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

function partsOf(
  opened: OpenAdapter,
  config: StoredAdapter["config"],
  scales: ReadonlyMap<string, number>,
): StoredAdapter["parts"] {
  const tensors = new Map([...opened.tensors].map(([name, tensor]) => [withoutPrefix(name), loaded(tensor, opened)]));
  const inPeft = new Map(
    [...opened.inFile].map(([name, inFile]) => [moduleInPeft(withoutPrefix(name)), moduleInPeft(inFile)]),
  );
  const tensorsOf = new Map<string, number>();
  for (const name of tensors.keys()) tensorsOf.set(moduleOf(name), countAt(tensorsOf, moduleOf(name)) + 1);
  const lora = config.kind === "config" && config.config.kind === "lora" ? config.config : null;
  const parts = new Map<string, StoredPart>();
  for (const [name, tensor] of tensors) {
    const isPair = config.kind === "none" && countAt(tensorsOf, moduleOf(name)) === 2;
    const possible = isPair ? [...loraEndings, loralibEndings] : loraEndings;
    const ending = possible.find(({ down }) => name.endsWith(down));
    const module = ending === undefined ? null : name.slice(0, -ending.down.length);
    const up = ending === undefined ? undefined : tensors.get(`${module}${ending.up}`);
    const attention = module === null ? null : attentionOf(module, opened.attentions);
    const named = module === null ? "" : (inPeft.get(module) ?? module);
    const update =
      module === null || up === undefined
        ? null
        : updateOf(tensor, up, { attention, inPeft: named }, scaleOf(module, named, lora, scales));
    if (module !== null && update !== null) parts.set(module, { ...update, isEmbedding: ending?.isOfTable === true });
    else if (!hasUpdate(name, possible, parts, tensors))
      parts.set(name, { kind: "tensor", shape: tensor.shape, values: tensor.values });
  }
  return parts;
}

function moduleOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf(".")));
}

function loaded(tensor: PlacedTensor, { floats }: OpenModel): LoadedTensor {
  const values = new Float64Array(countOf(tensor.shape));
  let at = 0;
  for (const piece of floats(tensor)) {
    values.set(piece, at);
    at += piece.length;
  }
  return { shape: tensor.shape, values };
}

function scaleOf(
  module: string,
  inPeft: string,
  lora: LoraConfig | null,
  scales: ReadonlyMap<string, number>,
): number | null {
  return lora === null ? (scales.get(module) ?? null) : scaleIn(lora, inPeft);
}

/** The update of two matrices, or of two convolutions of which the second is of a single place, maybe in groups. */
function updateOf(
  down: LoadedTensor,
  up: LoadedTensor,
  place: { readonly attention: string | null; readonly inPeft: string },
  scale: number | null,
): (StoredPart & { readonly kind: "update" }) | null {
  const [rank, , ...kernel] = down.shape;
  const [outputs, ofGroup, ...places] = up.shape;
  if (rank === undefined || outputs === undefined || ofGroup === undefined || rank > highestRank) return null;
  if (down.shape.length < 2 || kernel.length !== places.length || places.some((size) => size !== 1)) return null;
  const groups = rank / ofGroup;
  if (!Number.isInteger(groups) || outputs % groups !== 0 || (groups > 1 && kernel.length === 0)) return null;
  const inputs = countOf(down.shape) / rank;
  const update = { outputs, inputs, rank, down: down.values, up: withoutGroups(up.values, outputs, rank, groups) };
  const whole = { ...update, scale: scale ?? 1 };
  const stored = { up: up.values, groups, kernel };
  return { kind: "update", isEmbedding: false, ...place, rank, update: whole, isScaled: scale !== null, ...stored };
}

/** The matrix [outputs, rank] of [outputs, rank / groups]. */
function withoutGroups(up: Float64Array, outputs: number, rank: number, groups: number): Float64Array {
  if (groups === 1) return up;
  const ofGroup = rank / groups;
  const whole = new Float64Array(outputs * rank);
  for (let row = 0; row < outputs; row++) {
    const first = Math.floor((row * groups) / outputs) * ofGroup;
    whole.set(up.subarray(row * ofGroup, (row + 1) * ofGroup), row * rank + first);
  }
  return whole;
}

/** Whether a tensor is the second matrix of an update, which its first one brings. */
function hasUpdate(
  name: string,
  possible: readonly LoraEndings[],
  parts: ReadonlyMap<string, StoredPart>,
  tensors: ReadonlyMap<string, LoadedTensor>,
): boolean {
  const ending = possible.find(({ up }) => name.endsWith(up));
  if (ending === undefined) return false;
  const module = name.slice(0, -ending.up.length);
  if (parts.get(module)?.kind === "update") return true;
  const [down, up] = [tensors.get(`${module}${ending.down}`), tensors.get(name)];
  const nowhere = { attention: null, inPeft: module };
  return down !== undefined && up !== undefined && updateOf(down, up, nowhere, null) !== null;
}
