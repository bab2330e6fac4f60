import type { SingularVectors } from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import {
  asUpdate,
  type Block,
  blocksOf,
  decompose,
  decomposeMatrix,
  energyIn,
  type LoraOf,
  overlapOf,
  principalCosines,
  rankHolding,
  type Spectrum,
  spectrumOf,
  truncated,
} from "../../adapters/index.ts";
import { at } from "../../at.ts";
import { printShare } from "../../text/index.ts";
import { type CardSources, isSaid } from "../export/card.ts";
import { overwritingAdapter } from "../overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuseBy, refused } from "../reporter.ts";
import { type AdaptedSpec, namedSpec, specsOfRuns } from "./adapted-spec.ts";
import { disagreements } from "./agreement.ts";
import { writeChanged } from "./change-adapter.ts";
import { deltasOf } from "./deltas.ts";
import { type GivenAdapter, readGiven } from "./given-adapter.ts";
import type { MadeOf } from "./made-card.ts";
import { weightNorms } from "./weight-norms.ts";
import type { WrittenFiles } from "./write-adapter.ts";

export interface SpectraRequest {
  readonly adapter: string;
  /** An adapter whose updates are compared with. */
  readonly other: string | null;
  /** The spec that gives scales where files do not say them, and of which a variant with the result is written. */
  readonly forSpec: string | null;
  /** The model's weights, which norms are compared with. */
  readonly weights: string | null;
  readonly copy: string | null;
  /** The rank of a truncation, or the share of the energy of each update that it keeps. */
  readonly rank: number | null;
  readonly energy: number | null;
  /** The folder that the truncation is written into. */
  readonly folder: string | null;
  readonly card: CardSources;
}

export interface ModuleSpectrum extends Omit<Spectrum, "values"> {
  readonly module: string;
  /** [outputs, inputs] */
  readonly shape: readonly [number, number];
  /** Of the matrices in the file. */
  readonly storedRank: number;
  readonly scale: number;
  readonly singularValues: readonly number[];
  /** The smallest ranks that hold 90 % and 99 % of the energy. */
  readonly rank90: number;
  readonly rank99: number;
  /** The norm in units of the weight's; null where that is not known. */
  readonly relativeNorm: number | null;
  /** What a truncation leaves; null where none is asked for. */
  readonly truncated: { readonly rank: number; readonly energy: number } | null;
  /** How much the outputs and the inputs that two adapters' updates use have in common, from 0 to 1; null without another one. */
  readonly overlap: { readonly outputs: number; readonly inputs: number } | null;
}

export interface Spectra {
  readonly modules: readonly ModuleSpectrum[];
  /** Of all updates together. */
  readonly norm: number;
  /** The share of the energy of all updates that the truncation keeps. */
  readonly energy: number | null;
  readonly written: WrittenFiles | null;
}

/** Of each side, the leading singular vectors with that share of the energy are compared. */
const comparedEnergy = 0.99;

/** What rank the update of each module has, and another rank for them. */
export function adapterSpectra(request: SpectraRequest, reporter: Reporter): Ended<Spectra> {
  const { rank, energy, folder, forSpec, other, card } = request;
  if (folder !== null && rank === null && energy === null) {
    reporter.problem(problem("no rank given for the result", "add --rank, or --energy for a rank for each module"));
    return misused;
  }
  if (folder !== null && other !== null) {
    reporter.problem(problem("only one adapter can be truncated", "leave out the second one, or -o"));
    return misused;
  }
  if (folder === null && isSaid(card)) {
    reporter.problem(problem("no folder given for the card", "add -o DIR, and --rank or --energy"));
    return misused;
  }
  const over = folder === null ? null : overwritingAdapter(folder, [request.adapter], [request.forSpec]);
  if (over !== null) {
    reporter.problem(over);
    return misused;
  }
  const spec = forSpec === null ? null : namedSpec(forSpec, reporter);
  if (spec === null && forSpec !== null) return refused;
  const specOfRun = specsOfRuns();
  const read = [request.adapter, ...(other === null ? [] : [other])].map((path) =>
    readGiven(path, spec, specOfRun, reporter),
  );
  const wrong = read.flatMap((each) => (each.kind === "wrong" ? each.diagnostics : []));
  const adapters = read.flatMap((each) => (each.kind === "adapter" ? [each] : []));
  const [adapter, compared = null] = adapters;
  if (wrong.length > 0 || adapter === undefined) return refuseBy(wrong, reporter);
  const unlike = disagreements(adapters).filter(({ code }) => code !== "E732");
  if (unlike.length > 0) return refuseBy(unlike, reporter);
  const empty = adapters.find(({ updates }) => updates.size === 0);
  const isOfAny = empty !== undefined && spec !== null && empty.others.size > 0 && other === null && folder === null;
  if (isOfAny && rank === null && energy === null) return spectraOfDeltas(empty.path, spec, reporter);
  if (empty !== undefined) return refuseBy([withoutUpdates(empty)], reporter);
  for (const each of adapters) noteOthers(each, reporter);
  const norms =
    request.weights === null
      ? new Map<string, number>()
      : weightNorms(request.weights, request.copy, adapter, reporter);
  if (norms === null) return refused;
  const modules: ModuleSpectrum[] = [];
  const results: LoraOf[] = [];
  for (const lora of adapter.updates.values()) {
    reporter.progress(`decomposing ${modules.length + 1} of ${adapter.updates.size} modules`);
    const { result, ...measured } = measure(lora, compared?.updates.get(lora.module) ?? null, request);
    const weight = norms.get(lora.module) ?? null;
    modules.push({ ...measured, relativeNorm: weight === null || weight === 0 ? null : measured.norm / weight });
    if (result !== null) results.push(result);
  }
  reporter.progressEnd();
  const norm = Math.hypot(...modules.map((each) => each.norm));
  const kept = Math.hypot(...modules.map((each) => each.norm * Math.sqrt(each.truncated?.energy ?? 0)));
  const isTruncated = rank !== null || energy !== null;
  const spectra = { modules, norm, energy: isTruncated ? (norm === 0 ? 1 : (kept / norm) ** 2) : null };
  if (folder === null) return done({ ...spectra, written: null });
  const origin = JSON.stringify({ truncated: rank === null ? { energy } : { rank } });
  const written = writeChanged(
    adapter,
    results,
    { folder, forSpec, origin, card, made: madeOf(spectra, request) },
    reporter,
  );
  return written.kind === "done" ? done({ ...spectra, written: written.value }) : written;
}

/** What rank the updates of an adapter of any kind have, which its file has no two matrices of. */
function spectraOfDeltas(adapter: string, spec: AdaptedSpec, reporter: Reporter): Ended<Spectra> {
  const deltas = deltasOf(adapter, spec, reporter);
  if ("kind" in deltas) return deltas;
  const modules = deltas.map(({ module, outputs, inputs, values }): ModuleSpectrum => {
    reporter.progress(`decomposing ${module}`);
    const found = decomposeMatrix(values, outputs, inputs);
    const { values: singularValues, ...spectrum } = spectrumOf(found.values, Math.max(outputs, inputs));
    return {
      ...{
        module,
        shape: [outputs, inputs],
        storedRank: Math.min(outputs, inputs),
        scale: 1,
        ...spectrum,
        singularValues,
      },
      ...{ rank90: rankHolding(0.9, singularValues), rank99: rankHolding(0.99, singularValues) },
      ...{ relativeNorm: null, truncated: null, overlap: null },
    };
  });
  reporter.progressEnd();
  return done({ modules, norm: Math.hypot(...modules.map((each) => each.norm)), energy: null, written: null });
}

function madeOf(
  { modules, energy: kept }: Pick<Spectra, "modules" | "energy">,
  { rank, energy }: SpectraRequest,
): Omit<MadeOf, "sources"> {
  return {
    summary: "An adapter whose updates have other, lower ranks.",
    method: [
      [
        "Method",
        "truncated singular value decomposition: of each update the nearest one of its rank, of the same alpha",
      ],
      rank === null ? ["Energy asked for", printShare(energy ?? 1, 1)] : ["Rank asked for", String(rank)],
      ["Energy kept of all updates", printShare(kept ?? 1, 1)],
    ],
    modules: [
      ["module", "rank", "energy kept"],
      ...modules.map(({ module, storedRank, truncated: left }) => [
        module,
        `${left?.rank ?? storedRank} of ${storedRank}`,
        printShare(left?.energy ?? 1, 1),
      ]),
    ],
  };
}

type Measured = Omit<ModuleSpectrum, "relativeNorm"> & { readonly result: LoraOf | null };

function measure(lora: LoraOf, other: LoraOf | null, request: SpectraRequest): Measured {
  const { module, matrices, scale } = lora;
  const { outputs, inputs, rank: storedRank } = matrices;
  const blocks = blocksOf(matrices, scale);
  const found = blocks.map(decompose);
  const whole = blocks.length === 1 ? at(found, 0) : decompose(columnsOf(blocks));
  const { values, ...spectrum } = spectrumOf(whole.values, Math.max(outputs, inputs));
  const result = truncation(lora, blocks, found, request);
  return {
    ...{ module, shape: [outputs, inputs], storedRank, scale, ...spectrum, singularValues: values },
    ...{ rank90: rankHolding(0.9, values), rank99: rankHolding(0.99, values) },
    truncated: result === null ? null : { rank: result.matrices.rank, energy: energyOf(found, result.matrices.rank) },
    overlap: other === null ? null : overlapWith(whole, other),
    result,
  };
}

/** An update in groups as one sum of outer products. */
function columnsOf(blocks: readonly Block[]) {
  const { outputs, inputs, rank, up, down } = asUpdate(blocks);
  return {
    outputs,
    inputs,
    up: Array.from({ length: rank }, (_, index) =>
      Float64Array.from({ length: outputs }, (__, row) => at(up, row * rank + index)),
    ),
    down: Array.from({ length: rank }, (_, index) =>
      Float64Array.from({ length: inputs }, (__, column) => at(down, index * inputs + column)),
    ),
  };
}

/** A module with another rank, of the same alpha; it is never above the rank that it has. */
function truncation(
  lora: LoraOf,
  blocks: readonly Block[],
  found: readonly SingularVectors[],
  { rank, energy }: SpectraRequest,
): LoraOf | null {
  const { matrices, scale } = lora;
  if (rank === null && energy === null) return null;
  const { groups } = matrices;
  const holding = (share: number): number =>
    Math.max(1, ...found.map(({ values }) => rankHolding(share, Array.from(values))));
  const own = Math.min(
    matrices.rank / groups,
    rank === null ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(rank / groups)),
    energy === null ? Number.POSITIVE_INFINITY : holding(energy),
  );
  const kept = own * groups;
  const alpha = scale * matrices.rank;
  return { ...lora, matrices: truncated(blocks, found, { rank: kept, scale: alpha / kept }), scale: alpha / kept };
}

/** The share of the energy that a truncation keeps, which is of all groups together. */
function energyOf(found: readonly SingularVectors[], rank: number): number {
  const own = rank / found.length;
  const lengths = found.map(({ values }) => Math.hypot(...values));
  const total = Math.hypot(...lengths);
  if (total === 0) return 1;
  const kept = found.map(({ values }, group) => at(lengths, group) * Math.sqrt(energyIn(own, Array.from(values))));
  return (Math.hypot(...kept) / total) ** 2;
}

function overlapWith(one: SingularVectors, { matrices, scale }: LoraOf): ModuleSpectrum["overlap"] {
  const blocks = blocksOf(matrices, scale);
  const two = decompose(blocks.length === 1 ? at(blocks, 0) : columnsOf(blocks));
  const leading = ({ values }: SingularVectors): number => rankHolding(comparedEnergy, Array.from(values));
  const [ranks, others] = [leading(one), leading(two)];
  const outputs = overlapOf(principalCosines(one.left.slice(0, ranks), two.left.slice(0, others)));
  const inputs = overlapOf(principalCosines(one.right.slice(0, ranks), two.right.slice(0, others)));
  return outputs === null || inputs === null ? null : { outputs, inputs };
}

function withoutUpdates({ path, file, others, factors }: GivenAdapter) {
  const [name = null] = [...others.keys(), ...factors.keys()];
  const why = name === null ? "has no adapters" : "is not of an update of scale x B A, and there is none in it";
  return report("not-only-updates", file, { path, name, why });
}

function noteOthers({ path, others, factors }: GivenAdapter, reporter: Reporter): void {
  const count = others.size + factors.size;
  const [name = ""] = [...others.keys(), ...factors.keys()];
  if (count === 0) return;
  const more = count > 1 ? ` and ${count - 1} more` : "";
  reporter.note(
    `\`${name}\`${more} in ${path} is no part of an update of scale x B A, and is left out of these numbers`,
  );
}
