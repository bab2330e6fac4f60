import { expect, test } from "vitest";
import { tileRows } from "../../compiler/passes/tile-rows.ts";
import { count, expectSameValues, expectUntouched, nodesWith, Small } from "./small-program.ts";

/** A feed-forward part over 8 rows, which is 32 wide inside: 2 KiB. */
function feedForward(isInsideRead = false, rows = 8) {
  const small = new Small();
  const x = small.input("x", [rows, 2, 4]);
  const wide = small.product(x, small.parameter("up", [32, 4]), true);
  const hidden = small.add({ op: "tanh" }, small.add({ op: "add" }, wide, small.parameter("bias", [32])));
  const y = small.product(hidden, small.parameter("down", [4, 32]), true);
  return small.program({ y, ...(isInsideRead ? { hidden } : {}) });
}

test("what is wide between two narrow values is computed for some rows at a time", () => {
  const program = feedForward();
  const tiled = tileRows(program, 512);
  expect(nodesWith(tiled, "tanh").map(({ type }) => type.shape)).toEqual(Array.from({ length: 4 }, () => [2, 2, 32]));
  expect(count(tiled, "matmul")).toBe(8);
  expectSameValues(program, tiled);
});

test("of very many rows more are computed at a time, so that the program stays small", () => {
  const program = feedForward(false, 1000);
  const tiled = tileRows(program, 512);
  // Two rows fit, which would be 500 blocks.
  expect(count(tiled, "tanh")).toBe(250);
  expectSameValues(program, tiled);
});

test("the search of a codebook is, too", () => {
  const small = new Small();
  const scores = small.product(small.input("x", [1, 8, 4]), small.parameter("codes", [64, 4]), true);
  const program = small.program({ code: small.add({ op: "argmax", axis: -1, keep: false }, scores) });
  const tiled = tileRows(program, 512);
  expect(count(tiled, "argmax")).toBe(4);
  expectSameValues(program, tiled);
});

test("rows stay together where one block is enough, where the inside is read, and where rows mix", () => {
  const small = feedForward();
  expectUntouched(small, tileRows(small, 4096));
  const read = feedForward(true);
  expectUntouched(read, tileRows(read, 512));
  const mixed = new Small();
  const wide = mixed.product(mixed.input("x", [8, 2, 4]), mixed.parameter("up", [32, 4]), true);
  const normed = mixed.add({ op: "softmax", axis: 0 }, wide);
  const program = mixed.program({ y: mixed.product(normed, mixed.parameter("down", [4, 32]), true) });
  expectUntouched(program, tileRows(program, 512));
});
