import { expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { splitProjections } from "../../compiler/passes/split-projections.ts";
import { expectSameValues, expectUntouched, nodesWith, Small } from "./small-program.ts";

/** Both halves of the last axis. */
function halves(small: Small, whole: Node): readonly [Node, Node] {
  const middle = (whole.type.shape.at(-1) ?? 0) / 2;
  const part = (from: number, to: number) => small.add({ op: "slice", axis: -1, from, to }, whole);
  return [part(0, middle), part(middle, 2 * middle)];
}

function projection(small: Small, transposeB: boolean): Node {
  const weight = small.parameter("w", transposeB ? [8, 3] : [3, 8]);
  return small.product(small.input("x", [2, 5, 3]), weight, transposeB);
}

test.each([true, false])(
  "a projection that is only cut becomes one for each part (transposed weight: %s)",
  (turned) => {
    const small = new Small();
    const biased = small.add({ op: "add" }, projection(small, turned), small.parameter("b", [8]));
    const [values, gates] = halves(small, biased);
    const program = small.program({ y: small.add({ op: "mul" }, values, small.add({ op: "tanh" }, gates)) });
    const split = splitProjections(program);
    expect(widths(split)).toEqual([4, 4]);
    expectSameValues(program, split);
  },
);

test("the cut moves before whatever works element by element", () => {
  const small = new Small();
  const [a, b] = halves(small, small.add({ op: "tanh" }, projection(small, true)));
  const program = small.program({ a, b });
  const split = splitProjections(program);
  expect(widths(split)).toEqual([4, 4]);
  expectSameValues(program, split);
});

test("what is read as a whole too, or works on rows, is left alone", () => {
  const small = new Small();
  const whole = projection(small, true);
  const [a, b] = halves(small, whole);
  const read = small.program({ a, b, whole });
  expectUntouched(read, splitProjections(read));
  const other = new Small();
  const [c, d] = halves(other, other.add({ op: "softmax", axis: -1 }, projection(other, true)));
  const normed = other.program({ c, d });
  expectUntouched(normed, splitProjections(normed));
});

/** The widths of the products of a program. */
function widths(program: ReturnType<Small["program"]>): readonly number[] {
  return nodesWith(program, "matmul").map(({ type }) => type.shape.at(-1) ?? 0);
}
