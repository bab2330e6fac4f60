import { at } from "../../at.ts";
import type { LowRankUpdate } from "../low-rank.ts";
import type { OuterProducts } from "./decompose.ts";

/** LoRA's two matrices of a module as they are stored: those of a convolution without its places. */
export interface LoraMatrices {
  readonly outputs: number;
  readonly inputs: number;
  readonly rank: number;
  /** Groups of a convolution; each has its share of outputs and of the rank. */
  readonly groups: number;
  /** [rank, inputs] */
  readonly down: Float64Array;
  /** [outputs, rank / groups] */
  readonly up: Float64Array;
}

/** One group of an update: the rows of the weight from `firstOutput` on. */
export interface Block extends OuterProducts {
  readonly firstOutput: number;
}

/** The groups of an update as outer products, the scale in `up`; all of the update where there is one group. */
export function blocksOf({ outputs, inputs, rank, groups, down, up }: LoraMatrices, scale: number): readonly Block[] {
  const [ownOutputs, ownRank] = [outputs / groups, rank / groups];
  return Array.from({ length: groups }, (_, group) => ({
    firstOutput: group * ownOutputs,
    outputs: ownOutputs,
    inputs,
    up: Array.from({ length: ownRank }, (__, index) =>
      Float64Array.from(
        { length: ownOutputs },
        (___, row) => scale * at(up, (group * ownOutputs + row) * ownRank + index),
      ),
    ),
    down: Array.from({ length: ownRank }, (__, index) => {
      const row = group * ownRank + index;
      return down.slice(row * inputs, (row + 1) * inputs);
    }),
  }));
}

/** The matrices of which some blocks of the same rank are; the scale is 1. */
export function matricesOf(blocks: readonly OuterProducts[]): LoraMatrices {
  const { outputs: ownOutputs, inputs, up: columns } = at(blocks, 0);
  const ownRank = columns.length;
  const [outputs, rank] = [ownOutputs * blocks.length, ownRank * blocks.length];
  const down = new Float64Array(rank * inputs);
  const up = new Float64Array(outputs * ownRank);
  for (const [group, block] of blocks.entries()) {
    for (const [index, row] of block.down.entries()) down.set(row, (group * ownRank + index) * inputs);
    for (const [index, column] of block.up.entries())
      for (const [row, value] of column.entries()) up[(group * ownOutputs + row) * ownRank + index] = value;
  }
  return { outputs, inputs, rank, groups: blocks.length, down, up };
}

/** Sums of updates of the same shape, group by group, as longer sums of outer products. */
export function joined(all: readonly (readonly Block[])[]): readonly Block[] {
  return at(all, 0).map((first, group) => {
    const own = all.map((blocks) => at(blocks, group));
    return { ...first, up: own.flatMap(({ up }) => up), down: own.flatMap(({ down }) => down) };
  });
}

/** An update as one product, whatever its groups are. */
export function asUpdate(blocks: readonly Block[]): LowRankUpdate {
  const { inputs } = at(blocks, 0);
  const outputs = blocks.reduce((sum, block) => sum + block.outputs, 0);
  const rank = blocks.reduce((sum, { up }) => sum + up.length, 0);
  const up = new Float64Array(outputs * rank);
  const down = new Float64Array(rank * inputs);
  let index = 0;
  for (const { firstOutput, up: columns, down: rows } of blocks)
    for (const [place, column] of columns.entries()) {
      for (const [row, value] of column.entries()) up[(firstOutput + row) * rank + index] = value;
      down.set(at(rows, place), index * inputs);
      index++;
    }
  return { outputs, inputs, rank, up, down, scale: 1 };
}

/** All elements of an update, [outputs, inputs]. */
export function elementsOf(blocks: readonly Block[]): Float64Array {
  const { inputs } = at(blocks, 0);
  const outputs = blocks.reduce((sum, block) => sum + block.outputs, 0);
  const elements = new Float64Array(outputs * inputs);
  for (const { firstOutput, up, down } of blocks)
    for (const [place, column] of up.entries()) {
      const other = at(down, place);
      for (const [row, factor] of column.entries()) {
        const own = elements.subarray((firstOutput + row) * inputs, (firstOutput + row + 1) * inputs);
        // All of these elements are there; checking that with `at` is too slow for this loop.
        for (let index = 0; index < inputs; index++) own[index] = (own[index] ?? 0) + factor * (other[index] ?? 0);
      }
    }
  return elements;
}
