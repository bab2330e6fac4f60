import { describe, expect, test } from "vitest";
import { addTo, dot, largestEigenvectors } from "../../compiler/index.ts";
import { leadingDirections, MomentsSum } from "../../runtime/adapters/index.ts";
import { generator } from "../../runtime/random.ts";

/** Rows about a mean of 3, with a deviation along each of some orthogonal axes that a reflection turns out of those of the elements. */
function rowsWith(count: number, deviations: readonly number[], seed = 1): readonly Float64Array[] {
  const random = generator(seed);
  const width = deviations.length;
  const normal = Float64Array.from({ length: width }, () => random() - 0.5);
  const square = dot(normal, normal);
  return Array.from({ length: count }, () => {
    const row = Float64Array.from(deviations, (deviation) => deviation * 3.4 * (random() - 0.5));
    addTo(row, normal, (-2 * dot(row, normal)) / square);
    return row.map((value) => value + 3);
  });
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) addTo(mean, row, 1 / rows.length);
  return mean;
}

/** The sum of products of rows without their mean, as it is defined. */
function scatterOf(rows: readonly Float64Array[]): Float64Array {
  const mean = meanOf(rows);
  const width = mean.length;
  const scatter = new Float64Array(width * width);
  for (const row of rows)
    for (let one = 0; one < width; one++)
      for (let two = 0; two < width; two++)
        scatter[one * width + two] =
          (scatter[one * width + two] ?? Number.NaN) +
          ((row[one] ?? Number.NaN) - (mean[one] ?? Number.NaN)) *
            ((row[two] ?? Number.NaN) - (mean[two] ?? Number.NaN));
  return scatter;
}

function decomposed(scatter: Float64Array, width: number, count: number) {
  return largestEigenvectors(
    Array.from({ length: width }, (_, row) => scatter.slice(row * width, (row + 1) * width)),
    count,
  );
}

/** At least the sine of the largest principal angle between the spaces of two orthonormal bases. */
function sineBetween(one: readonly Float64Array[], two: readonly Float64Array[]): number {
  const sines = two.map((vector) => {
    const rest = vector.slice();
    for (const each of one) addTo(rest, each, -dot(vector, each));
    return Math.sqrt(dot(rest, rest));
  });
  return Math.hypot(...sines);
}

const falling = (width: number, ratio: number) => Array.from({ length: width }, (_, place) => ratio ** place);

describe("leading directions", () => {
  test.each<readonly [string, readonly number[], number, number]>([
    ["a narrow input", falling(12, 0.8), 40, 5],
    ["every direction", falling(10, 0.8), 40, 10],
    ["a wide input whose variances hardly fall", falling(150, 0.99), 1200, 6],
    ["fewer rows than its width", falling(60, 0.9), 20, 8],
    ["a rank-deficient input", [...falling(6, 0.7), ...Array.from({ length: 54 }, () => 0)], 100, 6],
    ["variances near zero and far from it", falling(50, 0.5), 300, 8],
  ])("of %s are those of its covariance", (_, deviations, rows, count) => {
    const scatter = scatterOf(rowsWith(rows, deviations));
    const width = deviations.length;
    const { values, vectors } = leadingDirections(scatter, width, count);
    const expected = decomposed(scatter, width, count);
    expect(vectors).toHaveLength(count);
    expect(sineBetween(vectors, expected.vectors)).toBeLessThan(1e-4);
    for (const [place, value] of values.entries()) {
      expect(Math.abs(value / (expected.values[place] ?? 0) - 1)).toBeLessThan(1e-6);
      const [vector, other] = [vectors[place] ?? [], expected.vectors[place] ?? []];
      expect(Math.abs(dot(Float64Array.from(vector), Float64Array.from(other)))).toBeGreaterThan(1 - 1e-6);
      const largest = Array.from(vector).reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
      expect(largest).toBeGreaterThan(0);
    }
  });

  test("of equal variances span the same space, whichever they are", () => {
    // 4, 4, 4, 1, 1, ...: of a matrix that is made exactly so.
    const [width, count] = [40, 3];
    const normal = Float64Array.from({ length: width }, (_, place) => Math.sin(place + 1));
    const square = dot(normal, normal);
    const axes = Array.from({ length: width }, (_, place) => {
      const axis = Float64Array.from({ length: width }, (__, other) => (other === place ? 1 : 0));
      addTo(axis, normal, (-2 * dot(axis, normal)) / square);
      return axis;
    });
    const matrix = new Float64Array(width * width);
    for (const [place, axis] of axes.entries())
      for (const [row, factor] of axis.entries())
        addTo(matrix.subarray(row * width, (row + 1) * width), axis, factor * (place < count ? 4 : 1));
    const { values, vectors } = leadingDirections(matrix, width, count);
    expect(sineBetween(vectors, axes.slice(0, count))).toBeLessThan(1e-4);
    for (const value of values) expect(value).toBeCloseTo(4, 10);
  });

  test("beyond those of a rank-deficient input are orthonormal, and have no variance", () => {
    const scatter = scatterOf(rowsWith(50, [2, 1, ...Array.from({ length: 28 }, () => 0)]));
    const { values, vectors } = leadingDirections(scatter, 30, 5);
    expect(values.slice(2).every((value) => Math.abs(value) < 1e-10 * (values[0] ?? 0))).toBe(true);
    for (const [place, one] of vectors.entries())
      for (const [other, two] of vectors.entries()) expect(dot(one, two)).toBeCloseTo(place === other ? 1 : 0, 10);
    const nothing = leadingDirections(new Float64Array(16), 4, 2);
    expect(nothing.values).toEqual([0, 0]);
    expect(nothing.vectors.map((vector) => dot(vector, vector))).toEqual([expect.closeTo(1), expect.closeTo(1)]);
  });

  test("from those of nearly the same matrix are the same as from none, and of its multiple too", () => {
    const rows = rowsWith(400, falling(80, 0.93));
    const scatter = scatterOf(rows);
    const near = leadingDirections(scatterOf(rows.slice(0, 380)), 80, 6).vectors;
    const without = leadingDirections(scatter, 80, 6).vectors;
    expect(sineBetween(leadingDirections(scatter, 80, 6, near).vectors, without)).toBeLessThan(1e-7);
    const tiny = scatter.map((value) => value * 1e-200);
    expect(sineBetween(leadingDirections(tiny, 80, 6).vectors, without)).toBeLessThan(1e-7);
  });
});

test("moments of parts add up to those of all rows", () => {
  const rows = rowsWith(37, falling(9, 0.8)).map((row, place) => row.map((value) => value + place));
  const sum = new MomentsSum(9);
  for (const [from, to] of [
    [0, 1],
    [1, 12],
    [12, 37],
  ]) {
    const part = rows.slice(from, to);
    sum.add({ rows: part.length, mean: meanOf(part), scatter: scatterOf(part) });
  }
  expect(sum.rows).toBe(37);
  const [mean, scatter] = [meanOf(rows), scatterOf(rows)];
  for (const [place, value] of sum.mean.entries()) expect(value).toBeCloseTo(mean[place] ?? Number.NaN, 12);
  const largest = Math.max(...scatter);
  for (const [place, value] of sum.scatter.entries())
    expect(Math.abs(value - (scatter[place] ?? Number.NaN)) / largest).toBeLessThan(1e-13);
});
