import { expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { tileAttention } from "../../compiler/passes/tile-attention.ts";
import { count, expectSameValues, expectUntouched, nodesWith, Small } from "./small-program.ts";

/** Attention of 4 heads over 8 tokens, whose scores take 1 KiB, of which `read` may be given too. */
function attention({ isScoreRead = false, ofScores = (_: Small, scores: Node): Node => scores } = {}) {
  const small = new Small();
  const [q, k, v] = ["q", "k", "v"].map((name) => small.input(name, [4, 8, 5]));
  if (q === undefined || k === undefined || v === undefined) throw new Error("there are three");
  const scores = small.add({ op: "mul" }, small.product(q, k, true), small.number(0.5));
  const weights = small.add({ op: "softmax", axis: -1 }, ofScores(small, scores));
  return small.program({ y: small.product(weights, v), ...(isScoreRead ? { scores } : {}) });
}

test("attention is computed for some heads at a time, so that the scores of a block are small", () => {
  const program = attention({
    ofScores: (small, scores) => small.add({ op: "add" }, scores, small.input("mask", [8])),
  });
  const tiled = tileAttention(program, 512);
  expect(nodesWith(tiled, "softmax").map(({ type }) => type.shape)).toEqual([
    [2, 8, 8],
    [2, 8, 8],
  ]);
  expect(count(tiled, "concat")).toBe(1);
  expectSameValues(program, tiled);
});

test("blocks of which one is enough are none", () => {
  const program = attention();
  expectUntouched(program, tileAttention(program, 1024));
});

test("scores that are read elsewhere, or go through something else, stay whole", () => {
  const read = attention({ isScoreRead: true });
  expectUntouched(read, tileAttention(read, 512));
  const rooted = attention({ ofScores: (small, scores) => small.add({ op: "tanh" }, scores) });
  expectUntouched(rooted, tileAttention(rooted, 512));
});
