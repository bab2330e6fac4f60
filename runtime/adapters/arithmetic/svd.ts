import { type SingularVectors, singularVectors } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { decompose } from "./decompose.ts";
import { type Block, type LoraMatrices, matricesOf } from "./matrices.ts";
import { quantile } from "./quantile.ts";

export interface SvdOptions {
  /** The most that the rank may be. */
  readonly rank: number;
  /** The quantile of all elements that these are clamped to, up and down; null leaves them. */
  readonly clamp: number | null;
}

/**
 * The matrices of the leading singular vectors of an update given by its factors, which is never computed itself: `up` has the values,
 * `down` is of length 1. The rank is that of the factors where it is smaller.
 */
export function leadingOfFactors(blocks: readonly Block[], options: SvdOptions): LoraMatrices {
  const rank = rankOfEach(blocks, options.rank);
  return leading(blocks, blocks.map(decompose), {
    rank: Math.min(rank, at(blocks, 0).up.length),
    clamp: options.clamp,
  });
}

/** The same of an update whose elements are given, [outputs, inputs], in the groups of some blocks. */
export function leadingOfElements(elements: Float64Array, blocks: readonly Block[], options: SvdOptions): LoraMatrices {
  const rank = rankOfEach(blocks, options.rank);
  const found = blocks.map(({ firstOutput, outputs, inputs }) =>
    singularVectors(elements.subarray(firstOutput * inputs, (firstOutput + outputs) * inputs), outputs, inputs, rank),
  );
  return leading(blocks, found, { rank, clamp: options.clamp });
}

/** The rank of each group; each has one of 1 at least. */
function rankOfEach(blocks: readonly Block[], rank: number): number {
  const { outputs, inputs } = at(blocks, 0);
  return Math.min(Math.max(1, Math.floor(rank / blocks.length)), outputs, inputs);
}

function leading(
  blocks: readonly Block[],
  found: readonly SingularVectors[],
  { rank, clamp }: SvdOptions,
): LoraMatrices {
  const whole = matricesOf(
    blocks.map(({ outputs, inputs }, group) => {
      const { values, left, right } = at(found, group);
      const places = Array.from({ length: rank }, (_, place) => place);
      return {
        outputs,
        inputs,
        up: places.map((place) =>
          (left[place] ?? new Float64Array(outputs)).map((each) => each * (values[place] ?? 0)),
        ),
        down: places.map((place) => right[place] ?? new Float64Array(inputs)),
      };
    }),
  );
  if (clamp === null) return whole;
  const most = quantile(Float64Array.from([...whole.up, ...whole.down]), clamp);
  const clamped = (values: Float64Array): Float64Array => values.map((value) => Math.min(Math.max(value, -most), most));
  return { ...whole, up: clamped(whole.up), down: clamped(whole.down) };
}
