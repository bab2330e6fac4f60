import { describe, expect, test } from "vitest";
import { compileSpec, firstValuesOf } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const [inputs, outputs, rank] = [300, 200, 16];

/** A model of two projections with placements, whose first values are asked for by path. */
function started(placed: string, seed = 1) {
  const text = `
import "std/conv"
import "std/dora"
import "std/linear"
import "std/lora"
import "std/lora_fa"
import "std/transposed_linear"

module pair() {
  part first = linear(${outputs}, ${inputs})
  part second = transposed_linear(${outputs}, ${outputs})
  part third = conv1d(${outputs}, [5], ${outputs}, padding = 2)

  forward(x: f32[batch, 4, ${inputs}]) {
    let y = third(second(first(x)))
    return y
  }
}

model m {
  encoder e = pair()
  let y = e.y
  freeze e
  ${placed}
  loss mean(y * y)
}

train { batch = 2 }
`;
  const { spec, diagnostics } = compileSpec(
    createSource("specs/m.vlm", text),
    new SpecLibrary("specs/std", "specs/m.vlm"),
  );
  if (spec === null) return { messages: diagnostics.map(({ message }) => message), valuesOf: () => new Float32Array() };
  const pieces = firstValuesOf(spec.parameters, seed);
  return {
    messages: diagnostics.map(({ message }) => message),
    valuesOf: (path: string) => Float32Array.from([...pieces(path)].flatMap((piece) => [...piece])),
  };
}

function deviationOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** The largest element of up down, of [outputs, rank] and [rank, inputs]. */
function largestProduct(up: Float32Array, down: Float32Array, columns: number): number {
  let largest = 0;
  for (let row = 0; row < up.length / rank; row++)
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let index = 0; index < rank; index++)
        sum += (up[row * rank + index] ?? Number.NaN) * (down[index * columns + column] ?? Number.NaN);
      largest = Math.max(largest, Math.abs(sum));
    }
  return largest;
}

/** The products of the rows of a matrix with each other. */
function productsOfRows(matrix: Float32Array, rows: number): readonly (readonly number[])[] {
  const columns = matrix.length / rows;
  const row = (index: number): Float32Array => matrix.subarray(index * columns, (index + 1) * columns);
  return Array.from({ length: rows }, (_, a) =>
    Array.from({ length: rows }, (_, b) => row(a).reduce((sum, value, at) => sum + value * (row(b)[at] ?? 0), 0)),
  );
}

const onLinear = [
  ["lora", "e.first.lora"],
  ["dora", "e.first.dora"],
  ["lora_fa", "e.first.lora_fa"],
] as const;

describe.each(onLinear)("%s", (name, path) => {
  test("starts from normal numbers of deviation 1 / rank where it says gaussian", () => {
    const { messages, valuesOf } = started(`${name}(rank = ${rank}, start = "gaussian") on e.first`);
    expect(messages).toEqual([]);
    const down = valuesOf(`${path}.down`);
    expect(deviationOf(down)).toBeCloseTo(1 / rank, 2);
    expect(deviationOf(down) * rank).toBeGreaterThan(0.97);
    expect(deviationOf(down) * rank).toBeLessThan(1.03);
    // Normal numbers, not evenly drawn ones: 68.3 % are within one deviation.
    expect(down.filter((value) => Math.abs(value) < 1 / rank).length / down.length).toBeCloseTo(0.683, 1);
    expect(Math.max(...down) * rank).toBeGreaterThan(3);
    expect(Math.max(...valuesOf(`${path}.up`))).toBe(0);
  });

  test("starts from two matrices whose product is zero where it says orthogonal", () => {
    const { messages, valuesOf } = started(`${name}(rank = ${rank}, start = "orthogonal") on e.first`);
    expect(messages).toEqual([]);
    const [down, up] = [valuesOf(`${path}.down`), valuesOf(`${path}.up`)];
    expect(largestProduct(up, down, inputs)).toBeLessThan(1e-6);
    // Of each element the variance is 0.1^2, and half of the directions have it.
    for (const matrix of [down, up]) {
      expect(deviationOf(matrix) / (0.1 * Math.SQRT1_2)).toBeGreaterThan(0.95);
      expect(deviationOf(matrix) / (0.1 * Math.SQRT1_2)).toBeLessThan(1.05);
    }
    // P G with a projection P of half the rank: the trace of its square, tr (P G G^T P)^2, is near inputs^2 0.1^4 rank / 2.
    const products = productsOfRows(down, rank).flat();
    const expected = (inputs * 0.01) ** 2 * (rank / 2) * (1 + rank / 2 / inputs);
    const found = products.reduce((sum, value) => sum + value * value, 0);
    expect(found / expected).toBeGreaterThan(0.8);
    expect(found / expected).toBeLessThan(1.25);
  });

  test("draws other numbers for another seed, and the same for the same", () => {
    const drawn = [1, 1, 2].map((seed) => started(`${name}(rank = 4, start = "orthogonal") on e.first`, seed));
    const [first, again, other] = drawn.map(({ valuesOf }) => [...valuesOf(`${path}.down`)]);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("needs an even rank and a known start", () => {
    expect(started(`${name}(rank = 3, start = "orthogonal") on e.first`).messages.join()).toContain("an even rank");
    expect(started(`${name}(rank = 4, start = "normal") on e.first`).messages.join()).toContain(
      "start is uniform, gaussian or orthogonal",
    );
  });
});

test("LoRA on a weight that is stored by inputs and on a convolution has the same starts", () => {
  const { messages, valuesOf } = started(
    `lora(rank = ${rank}, start = "gaussian") on e.third\n  lora(rank = ${rank}, start = "orthogonal") on e.second`,
  );
  expect(messages).toEqual([]);
  expect(deviationOf(valuesOf("e.third.lora.down")) * rank).toBeGreaterThan(0.97);
  expect(deviationOf(valuesOf("e.third.lora.down")) * rank).toBeLessThan(1.03);
  const [down, up] = [valuesOf("e.second.lora.down"), valuesOf("e.second.lora.up")];
  expect(largestProduct(up, down, outputs)).toBeLessThan(1e-6);
  expect(deviationOf(up)).toBeGreaterThan(0.06);
  expect(started(`lora(rank = 4, start = "orthogonal") on e.third`).messages.join()).toContain(
    "on a convolution start is uniform or gaussian",
  );
});
