import type { AdapterUpdate, LowRank, LowRankChange } from "../../../compiler/index.ts";
import type { LoraModule } from "../../adapters/index.ts";
import { countOf, type FloatTensor, joined, type WeightPieces } from "../../weights/index.ts";

type LowRankUpdate = AdapterUpdate & (LowRank | LowRankChange);

/** A low-rank update as PEFT's LoRA of the weight as it is. */
export interface LowRankInPeft extends LoraModule {
  readonly update: LowRankUpdate;
  readonly attention: LowRank["attention"];
  readonly down: FloatTensor;
  readonly up: FloatTensor;
}

/** Twice the spec's where the update starts from what it takes out of the weight. */
export function rankInPeft(update: LowRankUpdate): number {
  return update.kind === "low-rank-change" ? 2 * update.rank : update.rank;
}

/**
 * The matrices of PEFT's LoRA. up down - up0 down0 is the product of [up, -up0] and of down above down0, in the order in which PEFT's
 * `save_pretrained(..., path_initial_model_for_weight_conversion)` writes them.
 */
export function inPeft(update: LowRankUpdate, piecesOf: WeightPieces): LowRankInPeft {
  const { module, attention, scale, dropout, down, up } = update;
  const hasLengths = update.kind === "low-rank" && update.hasLengths;
  const written = { update, module, attention, rank: rankInPeft(update), scale, dropout, hasLengths };
  if (update.kind === "low-rank") {
    const of = ({ path, shape }: typeof down): FloatTensor => ({ shape, data: () => piecesOf(path) });
    return { ...written, down: of(down), up: of(up) };
  }
  const { first } = update;
  const [rank = 0, ...inputs] = down.shape;
  const [outputs = 0, , ...places] = up.shape;
  return {
    ...written,
    down: {
      shape: [2 * rank, ...inputs],
      data: function* pieces() {
        yield* piecesOf(down.path);
        yield* piecesOf(first.down.path);
      },
    },
    up: {
      shape: [outputs, 2 * rank, ...places],
      data: () => {
        const [trained, taken] = [up, first.up].map(({ path, shape }) => joined(piecesOf(path), countOf(shape)));
        const both = new Float32Array(2 * countOf(up.shape));
        for (let row = 0; row < outputs; row++) {
          const [from, to] = [row * rank, (row + 1) * rank];
          both.set(trained?.subarray(from, to) ?? [], 2 * from);
          both.set(taken?.subarray(from, to).map((value) => -value) ?? [], 2 * from + rank);
        }
        return [both];
      },
    },
  };
}
