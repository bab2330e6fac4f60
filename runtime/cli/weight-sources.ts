import { type Compiled, elementCount, firstValuesOf, type Program, type TensorType } from "../../compiler/index.ts";
import type { Diagnostic } from "../../grammar/index.ts";
import type { WeightPieces } from "../onnx/index.ts";
import { type OpenTensors, openTensors } from "../weights/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { findTensors, misshapen, missingWeights } from "./match-tensors.ts";
import { matcherOf } from "./name-patterns.ts";
import { peftDisagreements } from "./peft-agreement.ts";

/** Which files of weights are given, and the names of those that they need not have; `*` stands for anything. */
export interface GivenWeights {
  readonly weights: string | null;
  /** A file of adapters, or a folder that has one. */
  readonly adapter: string | null;
  readonly allowMissing: readonly string[];
}

/** Weights that were found, until they are closed; or what is wrong with the files. */
export type OpenedWeights =
  | { readonly kind: "open"; readonly piecesOf: WeightPieces; readonly close: () => void }
  | { readonly kind: "wrong"; readonly diagnostics: readonly Diagnostic[] };

/** The files that weights are given in, the adapters' behind the model's. */
export function weightFiles({ weights, adapter }: Pick<GivenWeights, "weights" | "adapter">): readonly string[] {
  return [weights, adapter === null ? null : adapterFile(adapter)].filter((file) => file !== null);
}

/** An opened file of weights, with its path. */
interface GivenTensors extends OpenTensors {
  readonly path: string;
}

/**
 * Opens the weights of some programs, or all that the model has: from the files that are given, by their names in
 * checkpoints, or first values.
 */
export function openWeights(
  programs: readonly Program[] | "all",
  compiled: Compiled,
  given: GivenWeights,
): OpenedWeights {
  const opened = weightFiles(given).map((path) => ({ path, ...openTensors(path) }));
  const tensors = opened.flatMap((file) => (file.kind === "tensors" ? [file] : []));
  const close = (): void => {
    for (const file of tensors) file.close();
  };
  const unreadable = opened.flatMap((file) => (file.kind === "wrong" ? [file.diagnostic] : []));
  const { piecesOf, diagnostics } =
    unreadable.length > 0
      ? { piecesOf: noPieces, diagnostics: unreadable }
      : weightsOf(programs, compiled, tensors, given);
  const adapter = given.adapter === null ? undefined : tensors.at(-1);
  const differing =
    adapter === undefined || diagnostics.length > 0
      ? []
      : peftDisagreements(adapter.path, adapter.tensors.keys(), compiled);
  if (diagnostics.length + differing.length === 0) return { kind: "open", piecesOf, close };
  close();
  return { kind: "wrong", diagnostics: [...diagnostics, ...differing] };
}

const noPieces: WeightPieces = () => [];

/** Weights of other shapes that are named: a file of another model has hundreds. */
const mostMisshapen = 5;

function weightsOf(
  programs: readonly Program[] | "all",
  { plan, spec }: Compiled,
  opened: readonly GivenTensors[],
  given: GivenWeights,
): { readonly piecesOf: WeightPieces; readonly diagnostics: readonly Diagnostic[] } {
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  const tensors = plan === null ? null : findTensors(plan, opened);
  const sources = new Map<string, () => Iterable<Float32Array>>();
  const wrong: Diagnostic[] = [];
  const missing = new Set<string>();
  const isAllowed = matcherOf(given.allowMissing);
  const ofAdapter = new Set((plan?.parameters ?? []).flatMap((each) => (each.ofAdapter ? [each.path] : [])));
  const read = programs === "all" ? (spec?.parameters ?? []) : programs.flatMap(parametersOf);
  for (const { path, type } of read) {
    const checkpoint = planned.get(path)?.checkpoint;
    if (checkpoint === undefined || sources.has(path) || elementCount(type) === 0) continue;
    const needed = (ofAdapter.has(path) ? given.adapter : given.weights) !== null;
    const found = tensors?.get(path);
    if (found === undefined && needed && !isAllowed(checkpoint)) missing.add(checkpoint);
    if (found === undefined) continue;
    sources.set(path, found.floats);
    if (found.shape.join() !== type.shape.join()) {
      wrong.push({ ...misshapen(checkpoint, found.shape, type), file: found.file.path });
    }
  }
  const [first] = wrong;
  const more = wrong.length - mostMisshapen;
  const diagnostics = wrong.slice(0, mostMisshapen);
  if (first !== undefined && more > 0) {
    const last = diagnostics.at(-1) ?? first;
    const notes = [...last.notes, `${more} more weights have other shapes: is it a file of this model?`];
    diagnostics.splice(-1, 1, { ...last, notes });
  }
  if (missing.size > 0) diagnostics.push(missingWeights(missing));
  const firstOf = firstValuesOf(spec?.parameters ?? [], spec?.settings.seed ?? 0);
  return { piecesOf: (path) => sources.get(path)?.() ?? firstOf(path), diagnostics };
}

function parametersOf({ graph }: Program): readonly { readonly path: string; readonly type: TensorType }[] {
  return graph.nodes.flatMap(({ operation, type }) =>
    operation.op === "parameter" ? [{ path: operation.path, type }] : [],
  );
}
