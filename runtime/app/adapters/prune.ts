import {
  type Block,
  blocksOf,
  decompose,
  distanceOf,
  type LoraMatrices,
  type LoraOf,
  lengthOf,
  matricesOf,
  truncated,
  withLargest,
} from "../../adapters/index.ts";
import { at } from "../../at.ts";
import { printCount, printShare } from "../../text/index.ts";
import type { CardSources } from "../export/card.ts";
import { overwritingAdapter } from "../overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";
import { namedSpec, specsOfRuns } from "./adapted-spec.ts";
import { unchangeable, writeChanged } from "./change-adapter.ts";
import { readGiven } from "./given-adapter.ts";
import type { MadeOf } from "./made-card.ts";
import type { WrittenFiles } from "./write-adapter.ts";

export interface PruneRequest {
  readonly adapter: string;
  /** The share of the elements of each matrix that stays: the largest. */
  readonly density: number | null;
  /** The share of the largest singular value of all updates below which a direction goes. */
  readonly threshold: number | null;
  readonly forSpec: string | null;
  readonly folder: string;
  readonly card: CardSources;
}

export interface PrunedModule {
  readonly module: string;
  readonly ranks: readonly [before: number, after: number];
  /** Elements of both matrices that are not zero. */
  readonly elements: readonly [before: number, after: number];
  /** Frobenius norms of the update, and of how far it is from what it was. */
  readonly norm: number;
  readonly distance: number;
}

export interface Pruned extends WrittenFiles {
  readonly modules: readonly PrunedModule[];
}

/**
 * Leaves out of an adapter what carries little: small elements of its matrices, as PEFT's magnitude pruning does, directions of updates
 * with small singular values, and in any case ranks and modules that are zero.
 */
export function pruneAdapter(request: PruneRequest, reporter: Reporter): Ended<Pruned> {
  const { density, threshold, forSpec, folder, card } = request;
  const over = overwritingAdapter(folder, [request.adapter], [request.forSpec]);
  if (over !== null) {
    reporter.problem(over);
    return misused;
  }
  const spec = forSpec === null ? null : namedSpec(forSpec, reporter);
  if (spec === null && forSpec !== null) return refused;
  const adapter = readGiven(request.adapter, spec, specsOfRuns(), reporter);
  if (adapter.kind === "wrong") return refuseBy(adapter.diagnostics, reporter);
  const unfit = unchangeable(adapter);
  if (unfit.length > 0) return refuseBy(unfit, reporter);
  const given = [...adapter.updates.values()];
  const sparse = given.map((lora) => ({ ...lora, matrices: withLargestElements(lora.matrices, density) }));
  const kept = threshold === null ? sparse.map(withoutZeroRanks) : withoutSmall(sparse, threshold, reporter);
  const modules = given.map((before, place): PrunedModule => {
    const after = kept[place] ?? null;
    const [was, is] = [updateOf(before), after === null ? null : updateOf(after)];
    const norm = lengthOf(was);
    return {
      module: before.module,
      ranks: [before.matrices.rank, after?.matrices.rank ?? 0],
      elements: [nonZeros(before.matrices), after === null ? 0 : nonZeros(after.matrices)],
      norm,
      distance: is === null ? norm : distanceOf(is, was),
    };
  });
  const left = kept.filter((each) => each !== null);
  if (left.length === 0)
    return refuse(problem("nothing would be left of the adapter", "give a lower --threshold"), reporter);
  const origin = JSON.stringify({ pruned: { density, threshold } });
  const written = writeChanged(
    adapter,
    left,
    { folder, forSpec, origin, card, made: madeOf(modules, request) },
    reporter,
  );
  return written.kind === "done" ? done({ ...written.value, modules }) : written;
}

function madeOf(modules: readonly PrunedModule[], { density, threshold }: PruneRequest): Omit<MadeOf, "sources"> {
  const norm = Math.hypot(...modules.map((each) => each.norm));
  const distance = Math.hypot(...modules.map((each) => each.distance));
  const count = (side: 0 | 1): number => modules.reduce((sum, { elements }) => sum + elements[side], 0);
  return {
    summary: "An adapter without what carries little of it.",
    method: [
      ["Method", "pruning: elements of matrices, and directions of updates, that are small are left out"],
      ...(density === null
        ? []
        : [["Elements of each matrix that stay", `the largest, a share of ${density}`] as const]),
      ...(threshold === null
        ? []
        : [["Directions that go", `those below ${threshold} of the largest singular value of all updates`] as const]),
      ["Elements left", `${printCount(count(1))} of ${printCount(count(0))}`],
      ["Change of the updates", `${printShare(distance, norm)} of their norm`],
    ],
    modules: [
      ["module", "rank", "change"],
      ...modules.map(({ module, ranks, norm: was, distance: is }) => [
        module,
        ranks[1] === 0 ? "dropped" : `${ranks[1]} of ${ranks[0]}`,
        was === 0 ? "0 %" : printShare(is, was),
      ]),
    ],
  };
}

function withLargestElements(matrices: LoraMatrices, density: number | null): LoraMatrices {
  if (density === null) return matrices;
  return { ...matrices, down: withLargest(matrices.down, density), up: withLargest(matrices.up, density) };
}

/** A module without the ranks of which either side is zero; null where none is left. Of a convolution in groups all have as many. */
function withoutZeroRanks(lora: LoraOf): LoraOf | null {
  const { rank, groups } = lora.matrices;
  const blocks = blocksOf(lora.matrices, 1);
  const used = blocks.map(({ up, down }) =>
    up.flatMap((column, index) => (isZero(column) || isZero(at(down, index)) ? [] : [index])),
  );
  const own = Math.max(...used.map(({ length }) => length));
  if (own === 0) return null;
  if (own * groups === rank) return lora;
  const compact = blocks.map((block, group) => {
    const ofGroup = at(used, group);
    const others = block.up.flatMap((_, index) => (ofGroup.includes(index) ? [] : [index]));
    const all = [...ofGroup, ...others].slice(0, own);
    return { ...block, up: all.map((index) => at(block.up, index)), down: all.map((index) => at(block.down, index)) };
  });
  return { ...lora, matrices: matricesOf(compact) };
}

/** Modules without the directions whose singular value is below a share of the largest of all; null where none is left. */
function withoutSmall(given: readonly LoraOf[], threshold: number, reporter: Reporter): readonly (LoraOf | null)[] {
  const decomposed = given.map((lora, place) => {
    reporter.progress(`decomposing ${place + 1} of ${given.length} modules`);
    const blocks = blocksOf(lora.matrices, lora.scale);
    return { lora, blocks, found: blocks.map(decompose) };
  });
  reporter.progressEnd();
  const largest = Math.max(0, ...decomposed.flatMap(({ found }) => found.map(({ values }) => values[0] ?? 0)));
  return decomposed.map(({ lora, blocks, found }) => {
    const { rank, groups } = lora.matrices;
    const isLarge = (value: number): boolean => value > 0 && value >= threshold * largest;
    const own = Math.max(...found.map(({ values }) => values.filter(isLarge).length));
    if (own === 0) return null;
    if (own * groups >= rank) return lora;
    return { ...lora, matrices: truncated(blocks, found, { rank: own * groups, scale: lora.scale }) };
  });
}

function updateOf({ matrices, scale }: LoraOf): readonly Block[] {
  return blocksOf(matrices, scale);
}

function nonZeros({ down, up }: LoraMatrices): number {
  return [down, up].reduce((sum, values) => sum + values.filter((value) => value !== 0).length, 0);
}

function isZero(values: Float64Array): boolean {
  return values.every((value) => value === 0);
}
