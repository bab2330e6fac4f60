import { statSync } from "node:fs";
import { join } from "node:path";
import { type Compiled, firstValuesOf, type Program } from "../../compiler/index.ts";
import type { Diagnostic } from "../../grammar/index.ts";
import type { WeightPieces } from "../onnx/index.ts";
import type { OpenTensors } from "../weights/index.ts";
import { inCheckpoint, misshapen, missingWeights } from "./match-tensors.ts";

/** Which files of weights are given, and the names of those that they need not have; `*` stands for anything. */
export interface GivenWeights {
  readonly weights: boolean;
  readonly adapter: boolean;
  readonly allowMissing: readonly string[];
}

/** The files that weights are given in, the adapters' behind the model's. */
export function weightFiles({
  weights,
  adapter,
}: {
  readonly weights: string | null;
  readonly adapter: string | null;
}): readonly string[] {
  return [weights, adapter === null ? null : adapterFile(adapter)].filter((file) => file !== null);
}

/** What a folder with adapters has: medctc's own, or PEFT's. */
export function adapterFile(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const files = ["adapter.safetensors", "adapter_model.safetensors"].map((name) => join(path, name));
  return files.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true) ?? files[0] ?? path;
}

/** An opened file of weights, with its path where that is to be named. */
export interface GivenTensors extends Pick<OpenTensors, "tensors" | "floats"> {
  readonly path?: string;
}

/** Where each weight comes from: the files that were given, by its name in checkpoints, or its first value. */
export function weightsOf(
  programs: readonly Program[],
  { plan, spec }: Compiled,
  opened: readonly GivenTensors[],
  given: GivenWeights,
): { readonly piecesOf: WeightPieces; readonly diagnostics: readonly Diagnostic[] } {
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  const ofAdapter = new Set((plan?.parameters ?? []).flatMap((each) => (each.ofAdapter ? [each.path] : [])));
  const sources = new Map<string, () => Iterable<Float32Array>>();
  const diagnostics: Diagnostic[] = [];
  const missing = new Set<string>();
  const isAllowed = matcherOf(given.allowMissing);
  for (const { operation, type } of programs.flatMap(({ graph }) => graph.nodes)) {
    const parameter = operation.op === "parameter" ? planned.get(operation.path) : undefined;
    if (parameter === undefined || sources.has(parameter.path)) continue;
    const { path, checkpoint } = parameter;
    const needed = ofAdapter.has(path) ? given.adapter : given.weights;
    const found = findTensor(checkpoint, opened);
    if (found === null && needed && !isAllowed(checkpoint)) missing.add(checkpoint);
    if (found === null) continue;
    sources.set(path, found.floats);
    if (found.shape.join() === type.shape.join()) continue;
    diagnostics.push({ ...misshapen(checkpoint, found.shape, type), file: found.path });
  }
  if (missing.size > 0) diagnostics.push(missingWeights(missing));
  const firstOf = firstValuesOf(spec?.parameters ?? [], spec?.settings.seed ?? 0);
  return { piecesOf: (path) => sources.get(path)?.() ?? firstOf(path), diagnostics };
}

/** A tensor by its name in checkpoints; the last file that has it counts. */
function findTensor(checkpoint: string, opened: readonly GivenTensors[]) {
  for (const { tensors, floats, path = checkpoint } of opened.toReversed()) {
    const tensor = inCheckpoint(checkpoint, tensors);
    if (tensor !== undefined) return { shape: tensor.shape, floats: () => floats(tensor), path };
  }
  return null;
}

/** Whether a name fits one of some patterns, in which `*` stands for any characters. */
function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const parts = patterns.map((pattern) => pattern.split("*"));
  return (name) => parts.some((pieces) => fits(name, pieces));
}

/** The pieces of a pattern stand in a name one after the other, the first at its start and the last at its end. */
function fits(name: string, pieces: readonly string[]): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
