import { expect, test } from "vitest";
import type { Program } from "../../compiler/index.ts";
import type { Node } from "../../compiler/ir/types.ts";
import { foldAdapters, mergeProjections } from "../../compiler/passes/merge-projections.ts";
import { expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

const weight = (small: Small, path: string, outputs: number, inputs: number) =>
  small.parameter(path, [outputs, inputs]);

/** x W^T + b + 0.5 (x A^T) B^T, of which the second part goes through something. */
function lora(between = (_: Small, low: Node): Node => low) {
  const small = new Small();
  const x = small.input("x", [5, 4]);
  const base = small.product(x, weight(small, "w", 3, 4), true);
  const low = between(small, small.product(x, weight(small, "a", 2, 4), true));
  const up = small.product(low, weight(small, "b", 3, 2), true);
  const scaled = small.add({ op: "mul" }, up, small.number(0.5));
  const sum = small.add({ op: "add" }, small.add({ op: "add" }, base, small.parameter("bias", [3])), scaled);
  return small.program({ y: sum });
}

test("a low-rank update becomes part of the weight that it stands beside, which is computed once", () => {
  const program = lora();
  const merged = mergeProjections(program);
  expect(operationsOf(merged)).toEqual(["matmul", "add"]);
  expect([...merged.once.keys()]).toEqual(["w:merged", ".bias:merged"]);
  expectSameValues(program, merged);
});

test("so does one behind what gives its input", () => {
  for (const between of [
    (small: Small, low: Node) => small.add({ op: "stop_gradient" }, low),
    (small: Small, low: Node) => small.add({ op: "mul" }, low, small.number(1)),
  ]) {
    const program = lora(between);
    const merged = mergeProjections(program);
    expect(operationsOf(merged)).toEqual(["matmul", "add"]);
    expectSameValues(program, merged);
  }
});

test("factors of inputs and of outputs are factors of the weight's columns and rows", () => {
  const small = new Small();
  const x = small.add({ op: "mul" }, small.input("x", [5, 4]), small.parameter("in", [4]));
  const product = small.product(x, weight(small, "w", 3, 4), true);
  const program = small.program({ y: small.add({ op: "mul" }, product, small.parameter("out", [3])) });
  const merged = mergeProjections(program);
  expect(operationsOf(merged)).toEqual(["matmul"]);
  expectSameValues(program, merged);
});

test("what is not linear, or reads something else, stays beside", () => {
  const bent = lora((small, low) => small.add({ op: "tanh" }, low));
  expectUntouched(bent, mergeProjections(bent));
  const small = new Small();
  const one = small.product(small.input("x", [5, 4]), weight(small, "w", 3, 4), true);
  const other = small.product(small.input("z", [5, 4]), weight(small, "v", 3, 4), true);
  const apart = small.program({ y: small.add({ op: "add" }, one, other) });
  expectUntouched(apart, mergeProjections(apart));
});

test("adapters are folded into their own module and say which could not be", () => {
  const small = new Small();
  const x = small.input("x", [5, 4]);
  const product = { op: "matmul", transposeA: false, transposeB: true } as const;
  const adapted = (module: string, isLinear: boolean): Node => {
    const [own, adapter] = [small.from(module), small.from(`${module}.lora`)];
    const base = own.add(product, x, weight(small, `${module}.w`, 3, 4));
    const low = adapter.add(product, x, weight(small, `${module}.a`, 2, 4));
    const bent = isLinear ? low : adapter.add({ op: "tanh" }, low);
    return adapter.add({ op: "add" }, base, adapter.add(product, bent, weight(small, `${module}.b`, 3, 2)));
  };
  const program = small.program({ good: adapted("good", true), bad: adapted("bad", false) });
  const moduleOf = (path: string): string | null => (path.endsWith(".lora") ? path.slice(0, -".lora".length) : null);
  const { program: folded, folds, left } = foldAdapters(program, moduleOf, () => true);
  expect(folds.map(({ place, bias }) => [place, bias])).toEqual([["good", null]]);
  expect([...left]).toEqual(["bad"]);
  expectSameValues(program, folded);
});

/** A convolution of x, [2, 5, 4, 6], in some groups, with what LoRA adds to it, and a factor for each channel before and behind it. */
function adaptedConvolution(groups: number): Program {
  const small = new Small();
  const still = { stride: [1, 1], dilation: [1, 1], padding: [[0, 0] as const, [0, 0] as const] };
  const moves = { stride: [1, 2], dilation: [2, 1], padding: [[1, 1] as const, [0, 1] as const] };
  const x = small.add({ op: "mul" }, small.input("x", [2, 5, 4, 6]), small.parameter("in", [6]));
  const [own, adapter] = [small.from("conv"), small.from("conv.lora")];
  const base = own.add({ op: "conv", ...moves, groups }, x, small.parameter("w", [4, 6 / groups, 2, 3]));
  const low = adapter.add({ op: "conv", ...moves, groups: 1 }, x, small.parameter("a", [2, 6, 2, 3]));
  const up = adapter.add({ op: "conv", ...still, groups }, low, small.parameter("b", [4, 2 / groups, 1, 1]));
  const sum = adapter.add({ op: "add" }, own.add({ op: "add" }, base, small.parameter("bias", [4])), up);
  return small.program({ y: adapter.add({ op: "mul" }, sum, small.parameter("out", [4])) });
}

test("a low-rank update of a convolution becomes part of its weight, with factors of its channels", () => {
  const program = adaptedConvolution(1);
  const merged = mergeProjections(program);
  expect(operationsOf(merged)).toEqual(["conv", "add"]);
  expectSameValues(program, merged);
});

test("of a convolution in groups it stays beside, unless its weight may become whole", () => {
  const program = adaptedConvolution(2);
  const beside = mergeProjections(program);
  expect(operationsOf(beside).filter((op) => op === "conv")).toHaveLength(3);
  expectSameValues(program, beside);
  const { program: folded, folds } = foldAdapters(
    program,
    (path) => (path === "conv.lora" ? "conv" : null),
    () => true,
  );
  expect(folds.map(({ weight: { type }, groups }) => [type.shape, groups])).toEqual([[[4, 6, 2, 3], 2]]);
  expectSameValues(program, folded);
});
