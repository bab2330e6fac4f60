import { expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { joinSliceGradients } from "../../compiler/passes/join-slice-gradients.ts";
import { count, expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

const shape = [6, 4];

/** A part of the first axis, padded to the whole. */
function part(small: Small, name: string, from: number, to: number): Node {
  const whole = [from, shape[0] === undefined ? 0 : shape[0] - to] as const;
  return small.add({ op: "pad", amounts: [whole, [0, 0]] }, small.input(name, [to - from, 4]));
}

const sum = (small: Small, first: Node, ...others: readonly Node[]) =>
  others.reduce((a, b) => small.add({ op: "add" }, a, b), first);

test("parts that meet are put side by side, in whichever order they were added", () => {
  const small = new Small();
  const [a, b, c] = [part(small, "a", 0, 2), part(small, "b", 2, 5), part(small, "c", 5, 6)];
  const program = small.program({ y: sum(small, c, a, b) });
  const joined = joinSliceGradients(program);
  expect(operationsOf(joined)).toEqual(["concat"]);
  expectSameValues(program, joined);
});

test("parts at the same place are added before they are padded", () => {
  const small = new Small();
  const program = small.program({ y: sum(small, part(small, "a", 1, 3), part(small, "b", 1, 3)) });
  const joined = joinSliceGradients(program);
  expect(operationsOf(joined)).toEqual(["add", "pad"]);
  expectSameValues(program, joined);
});

test("parts that do not meet are padded each by itself, and what is whole is added", () => {
  const small = new Small();
  const parts = [part(small, "a", 0, 2), small.input("whole", shape), part(small, "b", 2, 4), part(small, "c", 5, 6)];
  const program = small.program({ y: sum(small, small.input("first", shape), ...parts) });
  const joined = joinSliceGradients(program);
  expect(count(joined, "pad")).toBe(2);
  expectSameValues(program, joined);
});

test("sums of what is not padded, that repeat an operand, or that are read inside stay as they are", () => {
  const small = new Small();
  const inside = sum(small, part(small, "a", 0, 2), small.input("x", shape));
  const program = small.program({
    inside,
    y: sum(small, inside, part(small, "b", 2, 6)),
    // What is whole has an axis more, along which the parts would be repeated.
    repeated: sum(small, part(small, "a", 0, 2), small.input("z", [3, ...shape]), part(small, "b", 2, 6)),
  });
  expectUntouched(program, joinSliceGradients(program));
});
