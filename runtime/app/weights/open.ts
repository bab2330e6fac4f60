import {
  type Compiled,
  elementCount,
  firstValuesOf,
  nameOf,
  type Plan,
  type PlannedTensor,
  type Program,
  type TensorType,
  valueNamed,
} from "../../../compiler/index.ts";
import type { Diagnostic } from "../../../grammar/index.ts";
import { computedOf, type OpenAdapter, openAdapter } from "../../adapters/index.ts";
import { contractOfSpec } from "../../data/index.ts";
import { decodeDrawn, drawnKey } from "../../train/index.ts";
import { joined, type NameMatch, type WeightPieces } from "../../weights/index.ts";
import { adapterFile, severalAdapters } from "./adapter-file.ts";
import { contractDisagreements } from "./contract-agreement.ts";
import { countFirstValues, type FirstValues, type FirstValuesOrigin, nothingFilled } from "./first-values.ts";
import {
  type FoundTensor,
  findTensors,
  matchPlan,
  misshapen,
  missingInAdapter,
  missingWeights,
  noCopy,
  severalCopies,
  tensorOf,
} from "./match-tensors.ts";
import { matcherOf } from "./name-patterns.ts";
import { type FoundOptional, findOptional, optionalWrongs } from "./optional-tensors.ts";
import { parameterOrder } from "./parameter-order.ts";
import { type Agreement, peftDisagreements } from "./peft-agreement.ts";
import { lengthParameters } from "./row-lengths.ts";
import { unreadObjects } from "./unread-objects.ts";

/** What somebody says about files that do not say it themselves. */
export interface WeightChoices {
  /** Which of several copies of the weights in a file, by what stands before its names. */
  readonly copy: string | null;
  /** The alpha of LoRA's updates in a file without a config. */
  readonly alpha: number | null;
  /** Which of several adapters in a PeftModel's state dict. */
  readonly adapterName: string | null;
}

export const noChoices: WeightChoices = { copy: null, alpha: null, adapterName: null };

/** Which files of weights are given, and the names of those that they need not have; `*` stands for anything. */
export interface GivenWeights {
  readonly weights: string | null;
  /** A file of adapters, or a folder that has one. */
  readonly adapter: string | null;
  readonly allowMissing: readonly string[];
  readonly choices?: WeightChoices;
  /** Whether every weight has to be in a file, and none gets its first value. */
  readonly complete?: boolean;
  /** What a checkpoint has, by its names there: a run that goes on computes no first values of that. */
  readonly resumed?: ReadonlyMap<string, { readonly data: Float32Array }>;
  /** What stands for tensors of the adapter's file, by the paths of parameters: matrices of another rank, with the spec's scale in them. */
  readonly fitted?: ReadonlyMap<string, FittedTensor>;
}

export interface FittedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Weights that were found, until they are closed; or what is wrong with the files. */
export type OpenedWeights =
  | {
      readonly kind: "open";
      readonly piecesOf: WeightPieces;
      /** The files that are given. */
      readonly files: OpenedFiles;
      /** What a step keeps for its parameters, by its paths, where a file has it: an optimizer's state. */
      readonly state: ReadonlyMap<string, Float32Array>;
      /** What no file gives of what the programs read. */
      readonly firstValues: FirstValues;
      readonly origin: FirstValuesOrigin;
      /** What somebody has to know of the files. */
      readonly notes: readonly string[];
      readonly close: () => void;
    }
  | { readonly kind: "wrong"; readonly diagnostics: readonly Diagnostic[] };

/** The files that weights are given in, the adapters' behind the model's. */
export function weightFiles({ weights, adapter }: Pick<GivenWeights, "weights" | "adapter">): readonly string[] {
  return [weights, adapter === null ? null : adapterFile(adapter)].filter((file) => file !== null);
}

/** The model's file and that of adapters, as they were given. */
export interface OpenedFiles {
  readonly weights: GivenTensors | null;
  readonly adapter: GivenTensors | null;
}

/** An opened file of weights, with its path and the names that the spec has there. */
export interface GivenTensors extends OpenAdapter {
  readonly path: string;
  readonly match: NameMatch;
  /** What it has besides of what the spec says that a checkpoint may have. */
  readonly optional: FoundOptional;
}

const noMatch: NameMatch = { found: new Map(), rules: [], copies: [] };

/**
 * Opens the weights of some programs, or all that the model has: from the files that are given, by their names in
 * checkpoints, or first values.
 */
export function openWeights(
  programs: readonly Program[] | "all",
  compiled: Compiled,
  given: GivenWeights,
): OpenedWeights {
  const { choices = noChoices } = given;
  const { plan } = compiled;
  const opened = weightFiles(given).map((path) => {
    const several = path === given.adapter ? severalAdapters(path) : null;
    if (several !== null) return { kind: "wrong", diagnostic: several } as const;
    const file = openAdapter(path, choices.adapterName, plan === null ? undefined : parameterOrder(plan));
    if (file.kind === "wrong") return file;
    const match = plan === null ? noMatch : matchPlan(plan, file, copyIn(file, plan, choices.copy));
    return { path, ...file, match, optional: findOptional(compiled.spec?.optional ?? [], file, match) };
  });
  const tensors = opened.flatMap((file) => (file.kind === "tensors" ? [file] : []));
  const close = (): void => {
    for (const file of tensors) file.close();
  };
  const unreadable = opened.flatMap((file) =>
    file.kind === "wrong" ? [file.diagnostic] : copyWrongs(file, given, choices.copy),
  );
  const { piecesOf, state, firstValues, diagnostics } =
    unreadable.length > 0
      ? {
          piecesOf: noPieces,
          state: new Map<string, Float32Array>(),
          firstValues: nothingFilled,
          diagnostics: unreadable,
        }
      : weightsOf(programs, compiled, tensors, given);
  const adapter = given.adapter === null ? undefined : tensors.at(-1);
  const agreement =
    diagnostics.length > 0 ? agreed : agreementOf(adapter ?? tensors.at(-1), adapter !== undefined, compiled, given);
  const differing = [
    ...(unreadable.length > 0 ? [] : tensors.flatMap((file) => optionalWrongs(file.path, file, file.optional))),
    ...agreement.diagnostics,
    ...(adapter === undefined || diagnostics.length > 0 ? [] : contractWrongs(adapter, compiled)),
  ];
  if (diagnostics.length + differing.length === 0) {
    const trainedOn = decodeDrawn(adapter?.metadata.get(drawnKey) ?? "");
    const seed = compiled.spec?.settings.seed ?? 0;
    const origin = { weights: given.weights, adapter: given.adapter, trainedOn, seed };
    const unread = tensors.flatMap((file) =>
      file.unread.length === 0 ? [] : [`${file.path}: ${unreadObjects(file.unread)}`],
    );
    const files = { weights: given.weights === null ? null : (tensors[0] ?? null), adapter: adapter ?? null };
    return { kind: "open", piecesOf, files, state, firstValues, origin, notes: [...unread, ...agreement.notes], close };
  }
  close();
  return { kind: "wrong", diagnostics: [...diagnostics, ...differing] };
}

/** The copy that is asked for, where a file has several; adapters beside weights that have them may have one. */
function copyIn(file: OpenAdapter, plan: Plan, copy: string | null): string | null {
  if (copy === null) return null;
  return matchPlan(plan, file, copy).found.size > 0 ? copy : null;
}

function copyWrongs(file: GivenTensors, { weights }: GivenWeights, copy: string | null): readonly Diagnostic[] {
  const several = severalCopies(file.path, file, file.match);
  if (several !== null) return [several];
  if (copy === null || file.path !== weights) return [];
  const isCopy = [...file.match.found.values()].some((name) => copy === "" || name.startsWith(`${copy}.`));
  return isCopy ? [] : [noCopy(file.path, file, copy)];
}

const agreed: Agreement = { diagnostics: [], notes: [] };

/** What is to be said of the adapters in a file: one of adapters, or the model's, which may be a PeftModel's. */
function agreementOf(
  file: GivenTensors | undefined,
  isOfAdapters: boolean,
  compiled: Compiled,
  { choices: { alpha } = noChoices, fitted }: GivenWeights,
): Agreement {
  if (file === undefined) return agreed;
  const { path, match } = file;
  const rescaled = new Set(fitted?.keys());
  if (isOfAdapters) return peftDisagreements({ path, file, match, alpha, isWhole: false, rescaled }, compiled);
  const inFile = [...file.tensors.keys()].filter((name) => /\.(?:lora_|ia3_l)/.test(name));
  if (inFile.length === 0) return agreed;
  const used = new Set(match.found.values());
  if (inFile.some((name) => used.has(name)))
    return peftDisagreements({ path, file, match, alpha, isWhole: true }, compiled);
  const note = `${path} has adapters too, which the spec does not have: ${inFile.length} of its tensors are left out`;
  return { ...agreed, notes: [note] };
}

function contractWrongs(adapter: GivenTensors, { spec }: Compiled): readonly Diagnostic[] {
  return spec === null ? [] : contractDisagreements(adapter.path, adapter, () => contractOfSpec(spec));
}

const noPieces: WeightPieces = () => [];

/** Weights of other shapes that are named: a file of another model has hundreds. */
const mostMisshapen = 5;

function weightsOf(
  programs: readonly Program[] | "all",
  compiled: Compiled,
  opened: readonly GivenTensors[],
  given: GivenWeights,
): Pick<Extract<OpenedWeights, { readonly kind: "open" }>, "piecesOf" | "state" | "firstValues"> & {
  readonly diagnostics: readonly Diagnostic[];
} {
  const { plan, spec } = compiled;
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  const files = opened.map((file) => ({ path: file.path, file, match: file.match }));
  const tensors = plan === null ? null : findTensors(plan, files);
  const lengths = lengthParameters(compiled, files, (path) => piecesOf(path));
  const sources = new Map<string, () => Iterable<Float32Array>>();
  const state = new Map<string, Float32Array>();
  const wrong: Diagnostic[] = [];
  const missing = new Set<string>();
  /** What the file of adapters lacks. */
  const cut = new Set<string>();
  const isAllowed = matcherOf(given.allowMissing);
  const adapters = (plan?.placements ?? []).flatMap((each) => each.adapters);
  const following = new Set(adapters.flatMap(({ peft }) => (peft === undefined ? [] : [...computedOf(peft)])));
  const ofAdapter = new Set([...planned.values()].flatMap((each) => (each.ofAdapter ? [each.path] : [])));
  const named = new Set<string>();
  const unfilled = new Set<string>();
  const read = programs === "all" ? (spec?.parameters ?? []) : programs.flatMap(parametersOf);
  for (const { path, type } of read) {
    const checkpoint = planned.get(path)?.checkpoint;
    if (checkpoint === undefined) {
      const kept = keptState(path, planned, opened);
      if (kept?.shape.join() === type.shape.join()) state.set(path, joined(kept.floats(), elementCount(type)));
      else if (kept !== undefined) wrong.push({ ...misshapen(path, kept.shape, type), file: kept.file.path });
      continue;
    }
    if (named.has(path) || elementCount(type) === 0) continue;
    named.add(path);
    const needed = given.complete === true || (ofAdapter.has(path) ? given.adapter : given.weights) !== null;
    const computed = lengths.get(path);
    if (computed !== undefined) {
      sources.set(path, computed);
      continue;
    }
    const own = given.fitted?.get(path);
    const found = own === undefined ? tensors?.get(path) : inAdapter(own, opened);
    if (found === undefined && needed && !isAllowed(checkpoint) && !following.has(checkpoint))
      (ofAdapter.has(path) && given.adapter !== null ? cut : missing).add(checkpoint);
    if (found === undefined) {
      unfilled.add(path);
      continue;
    }
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
    const notes = [...last.notes, `${more} more weights have different shapes: is this a file of this model?`];
    diagnostics.splice(-1, 1, { ...last, notes });
  }
  if (missing.size > 0) diagnostics.push(missingWeights(missing));
  if (cut.size > 0 && given.adapter !== null) diagnostics.push(missingInAdapter(adapterFile(given.adapter), cut));
  const known = (path: string): Iterable<Float32Array> | null => {
    const resumed = given.resumed?.get(planned.get(path)?.checkpoint ?? "");
    return resumed === undefined ? (sources.get(path)?.() ?? null) : [resumed.data];
  };
  const piecesOf = firstValuesOf(spec?.parameters ?? [], spec?.settings.seed ?? 0, known);
  return { piecesOf, state, firstValues: countFirstValues(named, unfilled, compiled), diagnostics };
}

/** What stands for a tensor of the last file. */
function inAdapter({ shape, data }: FittedTensor, opened: readonly GivenTensors[]) {
  const file = opened.at(-1);
  return file === undefined ? undefined : { shape, floats: () => [data], file };
}

/** What a step keeps for a parameter, such as `mean:` and its path, by the same word and its name in checkpoints. */
function keptState(
  path: string,
  planned: ReadonlyMap<string, PlannedTensor>,
  opened: readonly GivenTensors[],
): (FoundTensor & { readonly file: GivenTensors }) | undefined {
  const value = valueNamed(path);
  const name =
    "parameter" in value
      ? nameOf({ ...value, parameter: planned.get(value.parameter)?.checkpoint ?? value.parameter })
      : path;
  const found = opened.flatMap((file) => {
    const tensor = tensorOf(file, name);
    return tensor === null ? [] : [{ ...tensor, file }];
  });
  return found.at(-1);
}

function parametersOf({ graph }: Program): readonly { readonly path: string; readonly type: TensorType }[] {
  return graph.nodes.flatMap(({ operation, type }) =>
    operation.op === "parameter" ? [{ path: operation.path, type }] : [],
  );
}
