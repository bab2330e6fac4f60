import type { LowRank, Plan } from "../../../compiler/index.ts";
import { attentionNames, type LoraModule, multiplied } from "../../adapters/index.ts";
import type { Problem } from "../../text/index.ts";
import { countOf, type FloatTensor } from "../../weights/index.ts";
import { problem } from "../reporter.ts";
import type { LowRankInPeft } from "./peft-low-rank.ts";

/** A low-rank update of a projection, as PEFT has it. */
interface OfProjection {
  readonly attention: LowRank["attention"];
  readonly rank: number;
  readonly scale: number;
}

/** What adapts an nn.MultiheadAttention: one of its projections, or both. */
export interface AdaptedAttention<Update extends OfProjection> {
  /** Its name in checkpoints. */
  readonly module: string;
  readonly updates: readonly Update[];
}

/** The attentions that low-rank updates are of, in their order. */
export function adaptedAttentions<Update extends OfProjection>(
  updates: readonly Update[],
): readonly AdaptedAttention<Update>[] {
  const found = new Map<string, readonly Update[]>();
  for (const update of updates) {
    if (update.attention === null) continue;
    const { module } = update.attention;
    found.set(module, [...(found.get(module) ?? []), update]);
  }
  return [...found].map(([module, own]) => ({ module, updates: own }));
}

/** Why PEFT, which has one rank and one scale for both projections, cannot have this; null where it can. */
export function unlikeProjections({ module, updates }: AdaptedAttention<OfProjection>): Problem | null {
  const [first, second] = updates;
  if (first === undefined || second === undefined) return null;
  if (first.rank === second.rank && first.scale === second.scale) return null;
  const has = ({ attention, rank, scale }: OfProjection): string =>
    `\`${attention?.part}\` has rank ${rank} and scale ${scale}`;
  return problem(
    `PEFT has one rank and one scale for both projections of \`${module}\`, but ${has(first)}, and ${has(second)}`,
    "give both the same rank and alpha, or adapt one of them",
  );
}

/** Both projections as PEFT has them, with zeros for one that is not adapted, and the module of its config. */
export function peftAttention(
  { module, updates }: AdaptedAttention<LowRankInPeft>,
  { parameters }: Plan,
): { readonly config: LoraModule | null; readonly tensors: ReadonlyMap<string, FloatTensor> } {
  const tensors = new Map<string, FloatTensor>();
  const [first] = updates;
  if (first?.attention === null || first === undefined) return { config: null, tensors };
  const { rank, scale } = first;
  for (const { attention, down, up } of updates) {
    if (attention === null) continue;
    const names = attentionNames(module, attention.part);
    tensors.set(names.down, down);
    // PEFT adds the update of `out_proj` twice.
    tensors.set(names.up, attention.part === "out_proj" ? multiplied(up, 0.5) : up);
  }
  if (updates.length === 1) {
    const names = attentionNames(module, first.attention.part === "in_proj" ? "out_proj" : "in_proj");
    const { otherWeight } = first.attention;
    const [outputs = 0, inputs = 0] = parameters.find(({ checkpoint }) => checkpoint === otherWeight)?.shape ?? [];
    tensors.set(names.down, zeros([rank, inputs]));
    tensors.set(names.up, zeros([outputs, rank]));
  }
  const dropout = Math.max(...updates.map((each) => each.dropout));
  return { config: { module, rank, scale, dropout, hasLengths: false }, tensors };
}

function zeros(shape: readonly number[]): FloatTensor {
  return { shape, data: new Float32Array(countOf(shape)) };
}
