import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { singularVectors, smallSingularVectors } from "../../compiler/ops/singular-vectors.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";

const path = "test/fixtures/adapters/tensors.safetensors";
const tensors = readSafetensors(path, readFileSync(path));

function stored(name: string): { readonly shape: readonly number[]; readonly data: Float64Array } {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has ${name}`);
  return { shape: tensor.shape, data: Float64Array.from(elementsOf(tensor)) };
}

/** The sum of value x left x right. */
function productOf({ values, left, right }: ReturnType<typeof singularVectors>): readonly number[] {
  const [rows, columns] = [left[0]?.length ?? 0, right[0]?.length ?? 0];
  return Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    return values.reduce(
      (sum, value, index) => sum + value * (left[index]?.[row] ?? Number.NaN) * (right[index]?.[column] ?? Number.NaN),
      0,
    );
  });
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(0, ...Array.from(expected, (value, place) => Math.abs((found[place] ?? Number.NaN) - value)));
}

test.each(["tall", "wide", "low"])("the leading part of a matrix is that of torch.linalg.svd: %s", (name) => {
  const { shape, data } = stored(`svd.${name}.matrix`);
  const values = stored(`svd.${name}.values`).data;
  const found = singularVectors(data, shape[0] ?? 0, shape[1] ?? 0, values.length);
  expect(largestDifference(found.values, values)).toBeLessThan(2e-6);
  expect(largestDifference(productOf(found), stored(`svd.${name}.product`).data)).toBeLessThan(2e-6);
});

/** Matrices whose singular values are equal, zero, or far apart. */
const special: Readonly<Record<string, (row: number, column: number) => number>> = {
  "an identity": (row, column) => (row === column ? 1 : 0),
  "two equal blocks": (row, column) => (row % 5 === column % 5 && row < 5 === column < 5 ? 1 + (row % 5) : 0),
  zeros: () => 0,
  "one row that counts": (row, column) => (row === 3 ? column + 1 : 0),
  "values far apart": (row, column) => (row === column ? 2 ** -row : 0),
  "equal elements": () => 0.25,
};

describe("vectors are those of their values, and orthogonal where these are not zero", () => {
  test.each(Object.entries(special))("of %s", (_, element) => {
    const size = 10;
    const matrix = Float64Array.from({ length: size * size }, (__, place) =>
      element(Math.floor(place / size), place % size),
    );
    const found = singularVectors(matrix, size, size, size);
    expect(largestDifference(productOf(found), matrix)).toBeLessThan(1e-9);
    for (const side of [found.left, found.right])
      for (const [i, a] of side.entries())
        for (const [j, b] of side.entries()) {
          const product = a.reduce((sum, value, place) => sum + value * (b[place] ?? Number.NaN), 0);
          const expected = i === j && (found.values[i] ?? 0) > 0 ? 1 : 0;
          expect(Math.abs(product - expected), `${i} ${j}`).toBeLessThan(1e-7);
        }
  });

  test("of random matrices, whose left vectors have a largest element that is positive", () => {
    const random = new Random(5);
    for (const [rows, columns, rank] of [
      [1, 1, 1],
      [1, 7, 1],
      [40, 30, 9],
      [30, 40, 30],
    ] as const) {
      const matrix = Float64Array.from({ length: rows * columns }, () => random.below(2001) / 1000 - 1);
      const { values, left, right } = singularVectors(matrix, rows, columns, rank);
      expect([...values]).toEqual([...values].toSorted((a, b) => b - a));
      for (const [index, vector] of left.entries()) {
        const other = Array.from(right[index] ?? []);
        const image = Array.from({ length: rows }, (_, row) =>
          other.reduce((sum, each, column) => sum + each * (matrix[row * columns + column] ?? 0), 0),
        );
        expect(
          largestDifference(
            image,
            vector.map((each) => each * (values[index] ?? 0)),
          ),
        ).toBeLessThan(1e-12);
        expect(Math.max(...vector)).toBe(Math.max(...vector.map(Math.abs)));
      }
    }
  });
});

test.each(Object.entries(special))("small matrices have the same, with no value squared: %s", (_, element) => {
  const size = 10;
  const rows = Array.from({ length: size }, (__, row) =>
    Float64Array.from({ length: size }, (___, column) => element(row, column)),
  );
  const found = smallSingularVectors(rows, size);
  const matrix = rows.flatMap((row) => [...row]);
  expect(largestDifference(productOf(found), matrix)).toBeLessThan(1e-14 * 100);
  const other = singularVectors(Float64Array.from(matrix), size, size, size);
  expect(largestDifference(found.values, other.values)).toBeLessThan(1e-7);
});

test("values of a small matrix that are 12 orders of magnitude apart are told from zero", () => {
  const rows = Array.from({ length: 5 }, (_, row) =>
    Float64Array.from({ length: 7 }, (__, column) => (row === column ? 1000 ** -row : 0)),
  );
  const { values } = smallSingularVectors(rows, 7);
  for (const [place, value] of values.entries()) expect(value / 1000 ** -place).toBeCloseTo(1, 3);
});
