import type { AdapterUpdate } from "../../../../compiler/index.ts";
import type { OpenAdapter } from "../../../adapters/index.ts";
import type { Problem } from "../../../text/index.ts";
import { countOf, joined, type NameMatch } from "../../../weights/index.ts";
import type { AdaptedSpec } from "../../adapters/adapted-spec.ts";
import { type FoundTensor, tensorOf } from "../../weights/match-tensors.ts";
import type { FittedTensor } from "../../weights/open.ts";
import { isSameScale, scaleStated } from "../../weights/peft-agreement.ts";
import type { NamedAdapter } from "./named-adapter.ts";

/** An adapter's updates as a base has room for them. */
export interface FittedUpdates {
  /** What stands for tensors of its file, by their paths. */
  readonly tensors: ReadonlyMap<string, FittedTensor>;
  /** The ranks that its updates of low rank have in the file, ascending, each once. */
  readonly ranks: readonly number[];
  /** The ranks that those of them get that have a lower one, ascending, each once. */
  readonly paddedTo: readonly number[];
  /** By what second matrices are multiplied where the base has another scale, ascending, each once. */
  readonly factors: readonly number[];
}

/** An opened file of adapters, and what a base finds there. */
export interface AdapterFile {
  readonly path: string;
  readonly file: OpenAdapter;
  readonly match: NameMatch;
  /** What somebody says the alpha is, of a file that does not. */
  readonly alpha: number | null;
  /** The spec that a run was trained with; null where that is not known. */
  readonly specOfRun: () => AdaptedSpec | null;
}

interface Stored {
  readonly down: FoundTensor;
  readonly up: FoundTensor;
  readonly rank: number;
  /** Rows of A in each group. */
  readonly ofGroup: number;
}

/** How ranks lie in both matrices: A has groups of rows, and each row of B so many columns for each row of a group. */
interface Layout {
  readonly groups: number;
  readonly ofGroup: number;
  readonly columns: number;
}

/**
 * Of a convolution in groups each group has ranks of its own, one group after the other. Of a stack of matrices A has the ranks of a matrix
 * together, and B the matrices of a rank.
 */
function layoutOf(update: Updates): Layout {
  if (update.kind === "low-rank-parameter")
    return { groups: update.experts, ofGroup: update.rank, columns: update.experts };
  const ofGroup = update.up.shape[1] ?? 1;
  return { groups: update.rank / ofGroup, ofGroup, columns: 1 };
}

/**
 * Fits LoRA's updates into a base of a higher rank: rows of zeros below A and columns of zeros beside B leave B A as it is. Where the base has
 * another scale, B is multiplied by their ratio, so that each adapter keeps its own. Gives what is wrong with an adapter that does not fit.
 */
export function fitUpdates(
  named: NamedAdapter,
  { updates, isKept }: { readonly updates: readonly AdapterUpdate[]; readonly isKept: boolean },
  given: AdapterFile,
): FittedUpdates | Problem {
  const tensors = new Map<string, FittedTensor>();
  const [ranks, paddedTo, factors] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const update of updates) {
    if (!isUpdate(update)) continue;
    const stored = storedOf(update, given);
    if (stored === null) continue;
    const { rank } = stored;
    ranks.add(rank);
    if (rank > update.rank || (rank < update.rank && !isPlain(update))) return otherRank(named, update, rank, isKept);
    const scale = isPlain(update) ? scaleOf(update, given) : null;
    if (scale === null && rank < update.rank) return unknownScale(named, rank);
    const isSame = scale === null || isSameScale(scale, update.scale);
    if (rank === update.rank && isSame) continue;
    const factor = isSame ? 1 : scale / update.scale;
    for (const [tensor, fitted] of matricesFor(update, stored, factor)) tensors.set(tensor, fitted);
    if (rank < update.rank) paddedTo.add(update.rank);
    if (!isSame) factors.add(factor);
  }
  return { tensors, ranks: ascending(ranks), paddedTo: ascending(paddedTo), factors: ascending(factors) };
}

/** What the rank of each placed adapter has to be, by its name, for a base to have room for an adapter: where that is more than it is. */
export function higherRanks(updates: readonly AdapterUpdate[], given: AdapterFile): ReadonlyMap<string, number> {
  const needed = new Map<string, number>();
  for (const update of updates) {
    const stored = isUpdate(update) && isPlain(update) ? storedOf(update, given) : null;
    if (!isUpdate(update) || stored === null || stored.rank <= update.rank) continue;
    const [call = ""] = update.placement.split("(");
    const adapter = call.slice(call.lastIndexOf(".") + 1);
    needed.set(adapter, Math.max(needed.get(adapter) ?? 0, stored.rank));
  }
  return needed;
}

type Updates = Extract<AdapterUpdate, { readonly kind: "low-rank" | "low-rank-change" | "low-rank-parameter" }>;
type PlainUpdate = Extract<Updates, { readonly kind: "low-rank" | "low-rank-parameter" }>;

function isUpdate(update: AdapterUpdate): update is Updates {
  return update.kind === "low-rank" || update.kind === "low-rank-change" || update.kind === "low-rank-parameter";
}

/** Whether zeros beside both matrices change nothing. */
function isPlain(update: Updates): update is PlainUpdate {
  return update.kind === "low-rank-parameter" || (update.kind === "low-rank" && !update.hasLengths);
}

/** Both matrices of an update in a file, where they are of a matrix like the base's; openings say what is missing, or has other sizes. */
function storedOf(update: Updates, { file, match }: AdapterFile): Stored | null {
  const { down, up } = update;
  const tensorAt = ({ checkpoint }: typeof down) => tensorOf(file, match.found.get(checkpoint) ?? "");
  const [inDown, inUp] = [tensorAt(down), tensorAt(up)];
  if (inDown === null || inUp === null) return null;
  const { groups, columns } = layoutOf(update);
  const [own = 0, ...inputs] = inDown.shape;
  const ofGroup = own / groups;
  const isDown = inputs.join() === down.shape.slice(1).join();
  const isUp = inUp.shape.join() === up.shape.with(1, ofGroup * columns).join();
  const rank = update.kind === "low-rank-parameter" ? ofGroup : own;
  return isDown && isUp && own > 0 && Number.isInteger(ofGroup) ? { down: inDown, up: inUp, rank, ofGroup } : null;
}

function scaleOf(update: PlainUpdate, { specOfRun, ...given }: AdapterFile): number | null {
  const stated = scaleStated(update, { ...given, isWhole: false });
  if (stated !== null) return stated;
  const trained = specOfRun()?.updates.get(update.module);
  return trained !== undefined && isUpdate(trained) && isPlain(trained) ? trained.scale : null;
}

function matricesFor(update: Updates, stored: Stored, factor: number): readonly (readonly [string, FittedTensor])[] {
  const { down, up } = update;
  const { groups, ofGroup, columns: each } = layoutOf(update);
  const valuesOf = ({ shape, floats }: FoundTensor): Float32Array => joined(floats(), countOf(shape));
  const [a, b] = [valuesOf(stored.down), valuesOf(stored.up)];
  const padded = { down: new Float32Array(countOf(down.shape)), up: new Float32Array(countOf(up.shape)) };
  const inputs = padded.down.length / (groups * ofGroup);
  for (let group = 0; group < groups; group++) {
    const rows = a.subarray(group * stored.ofGroup * inputs, (group + 1) * stored.ofGroup * inputs);
    padded.down.set(rows, group * ofGroup * inputs);
  }
  const [own, width] = [stored.ofGroup * each, ofGroup * each];
  for (let output = 0; output < padded.up.length / width; output++) {
    const columns = b.subarray(output * own, (output + 1) * own);
    padded.up.set(factor === 1 ? columns : columns.map((value) => factor * value), output * width);
  }
  return [
    [down.path, { shape: down.shape, data: padded.down }],
    [up.path, { shape: up.shape, data: padded.up }],
  ];
}

function otherRank(
  { name, path }: NamedAdapter,
  { module, rank: own }: Updates,
  rank: number,
  isKept: boolean,
): Problem {
  const message = `\`${name}\` has rank ${rank} on \`${module}\`, where the base takes rank ${own}`;
  const otherwise = isKept
    ? `leave out --keep-base and name all adapters, to write a base of rank ${rank}`
    : `export it to a folder of its own from a spec with rank ${rank}`;
  return { subject: path, message, help: `train it with rank ${own}, or ${otherwise}` };
}

function unknownScale({ name, path }: NamedAdapter, rank: number): Problem {
  const message = `\`${name}\` has rank ${rank}, and the scale that it was trained with is not known`;
  const help = "give its alpha with --adapter-alpha, or put PEFT's adapter_config.json beside it";
  return { subject: path, message, help };
}

function ascending(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].toSorted((a, b) => a - b);
}
