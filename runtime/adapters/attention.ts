import { type Diagnostic, report } from "../../grammar/index.ts";
import type { FloatTensor, PlacedTensor } from "../weights/index.ts";
import { peftConfigFor } from "./folder.ts";
import { type OpenModel, openModelFile } from "./open.ts";
import { withParameters } from "./parameter-names.ts";
import { peftPrefix, withoutPrefix } from "./peft-names.ts";
import type { ParameterOrder } from "./target-parameters.ts";
import { ownTokensName } from "./tokens.ts";

/**
 * PEFT adapts PyTorch's nn.MultiheadAttention as a whole: `X.lora_A.weight` and `lora_B` are of `X.in_proj_weight`, which is no module,
 * and those of `X.out_proj` are named `X.base_layer.out_proj`. In a spec both are projections with adapters of their own.
 *
 * PEFT adds the update of `out_proj` twice, in `forward` as in `merge` (github.com/huggingface/peft/pull/3774), from its first version
 * with such adapters up to this one. What a file means is what PEFT computes of it, so `lora_B` stands for twice its values there.
 */
export const countsTwiceUpTo = "0.21.2";

const wrapped = ".base_layer.out_proj.";

/** The names of both matrices of a projection in PEFT's files. */
export function attentionNames(module: string, part: "in_proj" | "out_proj") {
  const at = part === "in_proj" ? `${module}.` : `${module}${wrapped}`;
  return { down: `${peftPrefix}${at}lora_A.weight`, up: `${peftPrefix}${at}lora_B.weight` };
}

/** A tensor of a file, each of its values multiplied. */
export function multiplied({ shape, data }: FloatTensor, factor: number): FloatTensor {
  if (typeof data !== "function") return { shape, data: Float32Array.from(data, (value) => factor * value) };
  return { shape, data: () => piecesTimes(data(), factor) };
}

function* piecesTimes(pieces: Iterable<Float32Array>, factor: number): Iterable<Float32Array> {
  for (const piece of pieces) yield piece.map((value) => factor * value);
}

/** A file of adapters, with those of PEFT's attentions as a spec has them. */
export interface OpenAdapter extends OpenModel {
  /** The names of the attentions, without what PEFT has before them. */
  readonly attentions: ReadonlySet<string>;
}

/**
 * Opens a file of adapters. Those of an nn.MultiheadAttention in PEFT's files have the names and the values of a spec's: `X.in_proj.lora_A`
 * and `X.out_proj.lora_A`, and so have rows of tables beside LoRA, and adapters of parameters. Refuses those of later versions of PEFT, of which it is not known how often they count `out_proj`.
 */
export function openAdapter(
  path: string,
  adapter: string | null = null,
  order: ParameterOrder = () => null,
): OpenAdapter | { readonly kind: "wrong"; readonly diagnostic: Diagnostic } {
  const inPeft = openModelFile(path, adapter);
  if (inPeft.kind === "wrong") return inPeft;
  const opened = withParameters(path, inPeft, order);
  if (opened.kind === "wrong") return opened;
  const attentions = attentionsIn(opened.tensors.keys());
  const problem = attentions.size === 0 ? null : unknownCount(path, opened);
  if (problem !== null) {
    opened.close();
    return { kind: "wrong", diagnostic: problem };
  }
  const tensors = new Map<string, PlacedTensor>();
  const twice = new Set<PlacedTensor>();
  for (const [name, tensor] of opened.tensors) {
    tensors.set(ownName(name, attentions), tensor);
    if (name.includes(wrapped) && name.endsWith(".lora_B.weight")) twice.add(tensor);
  }
  const floats = (tensor: PlacedTensor): Iterable<Float32Array> =>
    twice.has(tensor) ? piecesTimes(opened.floats(tensor), 2) : opened.floats(tensor);
  const inFile = new Map([...opened.inFile].map(([name, inside]) => [ownName(name, attentions), inside]));
  return { ...opened, tensors, inFile, floats, attentions: new Set([...attentions].map(withoutPrefix)) };
}

/** The names of the attentions in a file, with what is before them. */
function attentionsIn(names: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of names) {
    const at = name.indexOf(`${wrapped}lora_A.weight`);
    if (at > 0) found.add(name.slice(0, at));
  }
  return found;
}

function ownName(name: string, attentions: ReadonlySet<string>): string {
  const [, module = "", matrix = ""] = /^(.*)\.(lora_[AB]\.weight)$/.exec(name) ?? [];
  if (attentions.has(module)) return `${module}.in_proj.${matrix}`;
  if (matrix === "") return ownTokensName(name);
  return module.endsWith(".base_layer.out_proj") ? name.replace(wrapped, ".out_proj.") : name;
}

/** The attention that a projection belongs to, of those in a file; null for other modules. */
export function attentionOf(module: string, attentions: ReadonlySet<string>): string | null {
  const attention = module.replace(/\.(in|out)_proj$/, "");
  return attention !== module && attentions.has(attention) ? attention : null;
}

/** Why it is not known what PEFT computes of a file; null where it is, or where `out_proj` is left as it is. */
function unknownCount(path: string, opened: OpenModel): Diagnostic | null {
  const { tensors, floats } = opened;
  const found = peftConfigFor(path, opened);
  const version = found.kind === "config" ? found.config.version : null;
  if (found.kind !== "config" || version === null || !isLater(version, countsTwiceUpTo)) return null;
  for (const [name, tensor] of tensors) {
    if (!name.endsWith(`${wrapped}lora_B.weight`)) continue;
    for (const piece of floats(tensor))
      if (piece.some((value) => value !== 0)) return laterVersion(found.file, version);
  }
  return null;
}

function laterVersion(file: string, version: string): Diagnostic {
  const problem = `it adapts the \`out_proj\` of an nn.MultiheadAttention by PEFT ${version}, which may add that update once or twice`;
  const help = `PEFT up to ${countsTwiceUpTo} adds it twice: make the adapter with one of these`;
  return report("bad-adapter-config", file, { path: file, problem }, { help });
}

/** Whether the numbers of a version are later; of `0.22.0.dev0@main` they are those of 0.22.0. */
function isLater(version: string, than: string): boolean {
  const numbers = (text: string): readonly number[] => text.split(/[.@+]/).slice(0, 3).map(Number);
  const others = numbers(than);
  for (const [place, number] of numbers(version).entries()) {
    const other = others[place] ?? 0;
    if (Number.isNaN(number)) return true;
    if (number !== other) return number > other;
  }
  return false;
}
