import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { at } from "../../compiler/at.ts";
import { Builder, evaluate, printType } from "../../compiler/ir/index.ts";
import { gradientsOf } from "../../compiler/passes/reverse-mode.ts";
import { Random } from "../random.ts";
import { equalForms, given, knownValues, traced } from "./primitives.ts";

function valuesOf(expression: string): readonly [string, readonly number[]] {
  const { values, problems } = traced([expression]);
  expect(problems).toEqual([]);
  const [value] = values;
  if (value === undefined) throw new Error("the spec compiles");
  const found = evaluate([value], { inputs: given(), parameters: new Map() }, "f64").get(value);
  return [printType(value.type), [...(found?.data ?? [])].map((each) => each + 0)];
}

test.each(knownValues)("%s", (expression, type, expected) => {
  const [foundType, found] = valuesOf(expression);
  expect(foundType).toBe(type);
  for (const [place, value] of found.entries()) expect(value).toBeCloseTo(expected[place] ?? Number.NaN, 12);
});

test.each(equalForms)("%s is %s: %s", (one, other) => {
  const { values, problems } = traced([one, other]);
  expect(problems).toEqual([]);
  const found = evaluate(values, { inputs: given(), parameters: new Map() }, "f64");
  const [a, b] = values.map((value) => found.get(value));
  expect(a?.type).toEqual(b?.type);
  for (const [place, value] of (a?.data ?? []).entries()) expect(value).toBeCloseTo(b?.data[place] ?? Number.NaN, 12);
});

/** PyTorch's own numbers: see make.py beside them. */
const torch = v.parse(
  v.array(v.tuple([v.string(), v.array(v.number()), v.array(v.number())])),
  JSON.parse(readFileSync("test/fixtures/primitives/torch.json", "utf8")),
);

test.each(torch)("%s is what PyTorch has", (expression, shape, expected) => {
  const [type, found] = valuesOf(expression);
  expect(type).toMatch(new RegExp(`^.32\\[${shape.join(", ")}\\]$`));
  for (const [place, value] of found.entries()) expect(value).toBeCloseTo(expected[place] ?? Number.NaN, 12);
});

/** The sum over every letter that is not on the right, by its definition. */
function contracted(
  sides: readonly string[],
  output: string,
  sizes: ReadonlyMap<string, number>,
  tensors: readonly Float64Array[],
) {
  const letters = [...sizes.keys()];
  const sums = new Float64Array([...output].reduce((count, letter) => count * (sizes.get(letter) ?? 1), 1));
  const count = letters.reduce((product, letter) => product * (sizes.get(letter) ?? 1), 1);
  for (let place = 0; place < count; place++) {
    let rest = place;
    const at = new Map(
      letters.map((letter) => {
        const size = sizes.get(letter) ?? 1;
        const index = rest % size;
        rest = Math.floor(rest / size);
        return [letter, index];
      }),
    );
    const offset = (side: string): number =>
      [...side].reduce((sum, letter) => sum * (sizes.get(letter) ?? 1) + (at.get(letter) ?? 0), 0);
    const product = sides.reduce((factor, side, index) => factor * (tensors[index]?.[offset(side)] ?? Number.NaN), 1);
    sums[offset(output)] = (sums[offset(output)] ?? Number.NaN) + product;
  }
  return sums;
}

test("einsum of random letters is the sum that it stands for", () => {
  const numbers = new Random(7);
  for (let made = 0; made < 150; made++) {
    const sizes = new Map([..."abcde"].map((letter) => [letter, 1 + numbers.below(3)]));
    const some = (from: string): string => [...from].filter(() => numbers.below(2) === 0).join("");
    const shuffled = (from: string): string =>
      [...from]
        .map((letter) => ({ letter, key: numbers.below(1000) }))
        .sort((a, b) => a.key - b.key)
        .map(({ letter }) => letter)
        .join("");
    const sides = Array.from({ length: 1 + numbers.below(3) }, () => shuffled(some("abcde")));
    const used = [...new Set(sides.join(""))].join("");
    const output = shuffled(some(used));
    const expression = `einsum("${sides.join(",")}->${output}", ${sides
      .map((side, index) => {
        const shape = [...side].map((letter) => sizes.get(letter) ?? 1);
        const count = shape.reduce((product, size) => product * size, 1);
        return `reshape(sin(cast(iota(${count}), f32) + ${index + made}), [${shape.join(", ")}])`;
      })
      .join(", ")})`;
    const tensors = sides.map((side, index) =>
      Float64Array.from(
        { length: [...side].reduce((product, letter) => product * (sizes.get(letter) ?? 1), 1) },
        (_, place) => Math.sin(place + index + made),
      ),
    );
    const expected = contracted(
      sides,
      output,
      new Map([...sizes].filter(([letter]) => used.includes(letter))),
      tensors,
    );
    const [, found] = valuesOf(expression);
    const worst = Math.max(...found.map((value, place) => Math.abs(value - (expected[place] ?? Number.NaN))));
    expect([expression, found.length, worst < 1e-9]).toEqual([expression, expected.length, true]);
  }
});

describe("what cannot be computed is refused", () => {
  test.each([
    ["n // n", "E404 `//`: i32[2, 3] divides whole numbers, and may be 0 (divide by a number, or cast to f32)"],
    ["n % 0", "E420 a division by 0"],
    ["n // 1.5", "E420 1.5 is not a whole number, and goes with i32; use cast"],
    ["2 // n", "E404 `//`: i32[2, 3] divides whole numbers, and may be 0 (divide by a number, or cast to f32)"],
    ["n and n", "E404 `and`: i32[2, 3] is not of booleans"],
    ["not x", "E404 `not`: f32[2, 3] is not of booleans"],
    ["true and x", "E403 a condition must be `true` or `false`, but is f32[2, 3]"],
    ["floor(n)", "E404 `floor`: it needs floating-point numbers, not i32[2, 3]; use cast"],
    ["logsumexp(n)", "E404 `logsumexp`: it needs floating-point numbers, not i32[2, 3]; use cast"],
    ["mean(n)", "E404 `mean`: a mean of whole numbers is not one; use cast"],
    ["take(x, 3, axis = 1)", "E404 `take`: there is no element 3 along axis 1 of f32[2, 3]"],
    ["take(x, [0, -4], axis = 1)", "E404 `take`: there is no element -4 along axis 1 of f32[2, 3]"],
    [
      "take(x, iota(4), axis = 1)",
      "E404 `take`: its numbers reach from 0 to 3, and there are 3 to take from, counted from 0",
    ],
    [
      "take(x, iota(3) - 5, axis = 1)",
      "E404 `take`: its numbers reach from -5 to -3, and there are 3 to take from, counted from 0",
    ],
    ["gather(x, n * 0 + 2)", "E404 `gather`: its number is 2, and there are 2 to take from, counted from 0"],
    [
      "scatter_add(x, iota(2) + 3, 4)",
      "E404 `scatter_add`: its numbers reach from 3 to 4, and there are 4 to add to, counted from 0",
    ],
    ["scatter_add(x, iota(3), 4)", "E404 `scatter_add`: f32[2, 3] has not a row for each of i32[3]"],
    ["scatter_add(x[0], n + 0, 4)", "E404 `scatter_add`: f32[3] has not a row for each of i32[2, 3]"],
    ["drawn_normals([2, 3], 0.5)", "E404 `drawn_normals`: its seed 0.5 is not a whole number"],
    ["drawn_normals([2, 0], 1)", "E403 `sizes` of `drawn_normals` must be a list of sizes, but is [2, 0]"],
    ["drawn_evenly(4, 3, 0.5)", "E404 `drawn_evenly`: its seed 0.5 is not a whole number from 0 up"],
    ["drawn_evenly(4, 3, -1)", "E404 `drawn_evenly`: its seed -1 is not a whole number from 0 up"],
    ["drawn_evenly(4, 0, 1)", "E404 `drawn_evenly`: it draws fewer than 2^31 numbers below a limit from 1 up"],
    ["drawn_evenly(4, -3, 1)", "E403 `limit` of `drawn_evenly` must be a whole number, but is -3"],
    ["drawn_places([2, 3], 7, 1)", "E404 `drawn_places`: a tensor of sizes [2, 3] has 6 places, and not 7"],
    ["drawn_places([], 1, 1)", "E404 `drawn_places`: it draws places of tensors with axes, and below 2^31 elements"],
    ["drawn_places([2, 3], 1, 0.5)", "E404 `drawn_places`: its seed 0.5 is not a whole number"],
    ["drawn_places([2, 0], 0, 1)", "E403 `sizes` of `drawn_places` must be a list of sizes, but is [2, 0]"],
    ["take(x, 0, axis = 2)", "E403 `axis` of `take` must be an axis of f32[2, 3], but is 2"],
    ["take(x, x, axis = 1)", "E404 `take`: the numbers of rows are i32, not f32[2, 3]"],
    ["take_along(x, iota(3), axis = 1)", "E404 `take_along`: it needs as many axes of indices as of values"],
    [
      "take_along(x, argmax(wide, axis = 1), axis = 0)",
      "E404 `take_along`: i32[4, 2] and f32[3, 2] differ in more than the axis that is taken along",
    ],
    ["x[2]", "E404 `[]`: there is no element 2 along axis 0 of f32[2, 3]"],
    ["x[0][1.5]", "E404 `[]`: there is no element 1.5 along axis 0 of f32[3]"],
    ["x[0][0][0]", "E403 the indexed value must be a tensor with an axis, but is f32[]"],
    ["slice(x, 1, -4, 2)", "E404 `slice`: -1..2 is not within axis 1 of f32[2, 3]"],
    ["slice(x, 1, 0, 3, 0)", "E403 `step` of `slice` must be a whole number other than 0, but is 0"],
    [
      "slice(x, 1, 0, 2, -1)",
      "E404 `slice`: 0 down to 2 is not within axis 1, which has 3 elements (a negative step starts at the larger end)",
    ],
    ["roll(x, [1, 2], axis = 1)", "E403 `shift` of `roll` must be a whole number, or one for each axis, but is [1, 2]"],
    ["flip(x, axis = 2)", "E403 `axis` of `flip` must be an axis of f32[2, 3], but is 2"],
    ["eye(-1)", "E403 `n` of `eye` must be a whole number, but is -1"],
    ["top_k(x, 4)", "E404 `top_k`: f32[2, 3] has 3 elements along its axis, not 4"],
    ["sort(x[0][0])", "E403 `x` of `sort` must be a tensor of at least one axis, but is f32[]"],
    ['einsum("bi", x)', "E405 invalid pattern: it needs one `->`"],
    ['einsum("bi,bj->ij", x)', "E405 invalid pattern: tensors in it: 2, given: 1"],
    ['einsum("bb->b", x)', "E405 invalid pattern: a letter stands twice in `bb`"],
    ['einsum("bi->bk", x)', "E405 invalid pattern: `k` is missing on its left side"],
    ['einsum("b->b", x)', "E405 invalid pattern: `b` does not have a letter for each axis of f32[2, 3]"],
    ['einsum("bi,bj,ij->b", x, x, wide[0])', "E405 invalid pattern: `j` is 3 in one place and 4 in another"],
    ['einsum("...i->i", x)', "E405 invalid pattern: `.` is not a letter"],
    ['resize(x, 6, mode = "cubic")', 'E403 `mode` of `resize` must be `"nearest"` or `"linear"`, but is "cubic"'],
    ["resize(x, [1, 2, 3])", "E403 `size` of `resize` must be a size of at least 1 for each axis, but is [1, 2, 3]"],
    ["resize(x, 0)", "E403 `size` of `resize` must be a size of at least 1 for each axis, but is 0"],
    [
      "resize(x, [2, 2], axis = 1)",
      "E403 `size` of `resize` must be a size of at least 1 for each axis, but is [2, 2]",
    ],
  ])("%s", (expression, expected) => {
    expect(traced([expression]).problems).toEqual([expected]);
  });
});

test("every expression has the right gradients, in f64 at random values", () => {
  const expressions = [
    ...knownValues.map(([expression]) => expression),
    ...equalForms.map(([expression]) => expression),
  ];
  const { graph, values, problems } = traced(expressions);
  expect(problems).toEqual([]);
  if (graph === null) throw new Error("the spec compiles");
  const numbers = new Random(41);
  const build = new Builder(graph, at(values, 0).origin);
  const wanted = graph.nodes.filter(({ operation, type }) => operation.op === "input" && type.dtype === "f32");
  const inputs = given();
  for (const { type, data } of inputs.values())
    if (type.dtype === "f32") for (const place of data.keys()) data[place] = numbers.below(1_000_000) / 250_000 - 2;
  for (const [index, value] of values.entries()) {
    if (value.type.dtype !== "f32") continue;
    // Of each element a different part, so that none of them can be mistaken for another.
    const count = value.type.shape.reduce((product, size) => product * size, 1);
    const places = build.add({ op: "cast", dtype: "f32" }, build.add({ op: "iota", size: count }));
    const weights = build.reshape(build.add({ op: "sin" }, build.mul(places, 1.7)), value.type.shape);
    const axes = value.type.shape.map((_, axis) => axis);
    const loss = build.sum(build.mul(value, weights), axes, false);
    const gradients = gradientsOf(graph, loss, new Set(wanted));
    const found = evaluate([...gradients.values()], { inputs, parameters: new Map() }, "f64");
    const lossNow = (): number => evaluate([loss], { inputs, parameters: new Map() }, "f64").get(loss)?.data[0] ?? 0;
    for (const node of wanted) {
      const gradient = gradients.get(node);
      const name = node.operation.op === "input" ? node.operation.name : "";
      const data = inputs.get(name)?.data ?? [];
      const [step, errors] = [1e-5, [0]];
      for (const [place, before] of data.entries()) {
        data[place] = before + step;
        const above = lossNow();
        data[place] = before - step;
        const slope = (above - lossNow()) / (2 * step);
        data[place] = before;
        const computed = gradient === undefined ? 0 : (found.get(gradient)?.data[place] ?? Number.NaN);
        errors.push(Math.abs(slope - computed) / Math.max(1, Math.abs(slope)));
      }
      expect([expressions[index], name, Math.max(...errors) < 1e-6]).toEqual([expressions[index], name, true]);
    }
  }
});
