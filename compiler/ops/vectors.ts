/** Loops read `?? Number.NaN`: what is not there spoils the result for all to see. */

/** The sum of products, in four sums that are added at last, so that none waits for the one before. */
export function dot(a: Float64Array, b: Float64Array): number {
  const count = a.length;
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 4 <= count; at += 4) {
    first += (a[at] ?? Number.NaN) * (b[at] ?? Number.NaN);
    second += (a[at + 1] ?? Number.NaN) * (b[at + 1] ?? Number.NaN);
    third += (a[at + 2] ?? Number.NaN) * (b[at + 2] ?? Number.NaN);
    fourth += (a[at + 3] ?? Number.NaN) * (b[at + 3] ?? Number.NaN);
  }
  for (; at < count; at++) first += (a[at] ?? Number.NaN) * (b[at] ?? Number.NaN);
  return first + second + (third + fourth);
}

/** a + factor b, in place. */
export function addTo(a: Float64Array, b: Float64Array, factor: number): void {
  for (let at = 0; at < a.length; at++) a[at] = (a[at] ?? Number.NaN) + factor * (b[at] ?? Number.NaN);
}

/** Makes a vector of length 1, in place; one of zeros stays. */
export function normalise(a: Float64Array): void {
  const length = Math.sqrt(dot(a, a));
  if (length > 0) for (let at = 0; at < a.length; at++) a[at] = (a[at] ?? Number.NaN) / length;
}

export function transposed(rows: readonly Float64Array[]): readonly Float64Array[] {
  const columns = rows[0]?.length ?? 0;
  return Array.from({ length: columns }, (_, column) => Float64Array.from(rows, (row) => row[column] ?? Number.NaN));
}
