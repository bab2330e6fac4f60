import { expect, test } from "vitest";
import { innerProduct, type LowRankUpdate, normOf, normOfDifference } from "../../runtime/adapters/index.ts";
import { Random } from "../random.ts";

const random = new Random(3);

function numbers(count: number): Float64Array {
  return Float64Array.from({ length: count }, () => random.below(2000) / 1000 - 1);
}

function update(rank: number, scale: number, outputs = 7, inputs = 5): LowRankUpdate {
  return { outputs, inputs, rank, scale, up: numbers(outputs * rank), down: numbers(rank * inputs) };
}

/** The update as a matrix, by rows. */
function dense({ outputs, inputs, rank, scale, up, down }: LowRankUpdate): readonly number[] {
  return Array.from({ length: outputs * inputs }, (_, place) => {
    const [row, column] = [Math.floor(place / inputs), place % inputs];
    let sum = 0;
    for (let index = 0; index < rank; index++)
      sum += (up[row * rank + index] ?? 0) * (down[index * inputs + column] ?? 0);
    return scale * sum;
  });
}

function length(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

test("norms, products and differences of updates are those of their matrices, whatever their ranks are", () => {
  for (const [first, second] of [
    [3, 3],
    [1, 6],
    [4, 2],
    [8, 8],
  ] as const) {
    const [a, b] = [update(first, 2), update(second, -0.5)];
    const [x, y] = [dense(a), dense(b)];
    expect(normOf(a)).toBeCloseTo(length(x), 12);
    expect(innerProduct(a, b)).toBeCloseTo(
      x.reduce((sum, value, place) => sum + value * (y[place] ?? 0), 0),
      12,
    );
    expect(normOfDifference(a, b)).toBeCloseTo(length(x.map((value, place) => value - (y[place] ?? 0))), 12);
  }
});

test("the difference of two updates that are near each other keeps its digits", () => {
  const a = update(4, 2);
  const moved = Float64Array.from(a.up, (value, place) => value + (place === 0 ? 1e-10 : 0));
  const row = Array.from(a.down).slice(0, a.inputs);
  const expected = 2 * 1e-10 * length(row);
  expect(normOfDifference(a, { ...a, up: moved }) / expected).toBeCloseTo(1, 4);
  expect(normOfDifference(a, a)).toBe(0);
});
