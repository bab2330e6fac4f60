import type { LowRank, Plan } from "../../../compiler/index.ts";
import { attentionNames, type LoraModule, multiplied } from "../../adapters/index.ts";
import type { Problem } from "../../text/index.ts";
import { countOf, type FloatTensor, type WeightPieces } from "../../weights/index.ts";
import { problem } from "../reporter.ts";

/** What adapts an nn.MultiheadAttention: one of its projections, or both. */
export interface AdaptedAttention {
  /** Its name in checkpoints. */
  readonly module: string;
  readonly updates: readonly (LowRank & { readonly placement: string })[];
}

/** The attentions that low-rank updates are of, in their order. */
export function adaptedAttentions(
  updates: readonly (LowRank & { readonly placement: string })[],
): readonly AdaptedAttention[] {
  const found = new Map<string, AdaptedAttention["updates"]>();
  for (const update of updates) {
    if (update.attention === null) continue;
    const { module } = update.attention;
    found.set(module, [...(found.get(module) ?? []), update]);
  }
  return [...found].map(([module, own]) => ({ module, updates: own }));
}

/** Why PEFT, which has one rank and one scale for both projections, cannot have this; null where it can. */
export function unlikeProjections({ module, updates }: AdaptedAttention): Problem | null {
  const [first, second] = updates;
  if (first === undefined || second === undefined) return null;
  if (first.rank === second.rank && first.scale === second.scale) return null;
  const has = ({ attention, rank, scale }: LowRank): string =>
    `\`${attention?.part}\` has rank ${rank} and scale ${scale}`;
  return problem(
    `PEFT has one rank and one scale for both projections of \`${module}\`, but ${has(first)}, and ${has(second)}`,
    "give both the same rank and alpha, or adapt one of them",
  );
}

/** Both projections as PEFT has them, with zeros for one that is not adapted, and the module of its config. */
export function peftAttention(
  { module, updates }: AdaptedAttention,
  { parameters }: Plan,
  piecesOf: WeightPieces,
): { readonly config: LoraModule | null; readonly tensors: ReadonlyMap<string, FloatTensor> } {
  const tensors = new Map<string, FloatTensor>();
  const [first] = updates;
  if (first?.attention === null || first === undefined) return { config: null, tensors };
  const { rank, scale } = first;
  for (const { attention, down, up } of updates) {
    if (attention === null) continue;
    const names = attentionNames(module, attention.part);
    const second = { shape: up.shape, data: () => piecesOf(up.path) };
    tensors.set(names.down, { shape: down.shape, data: () => piecesOf(down.path) });
    // PEFT adds the update of `out_proj` twice.
    tensors.set(names.up, attention.part === "out_proj" ? multiplied(second, 0.5) : second);
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
