import { at } from "../../at.ts";

/** Latents as rows of one array. */
export interface Features {
  readonly values: Float64Array;
  readonly width: number;
}

/** What each feature is shifted and scaled by. */
export interface Standard {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Mean and standard deviation (divided by the number of rows) of each feature over some rows. */
export function standardOf({ values, width }: Features, rows: Int32Array): Standard {
  const mean = new Float64Array(width);
  for (const row of rows) {
    for (let place = 0; place < width; place++) mean[place] = (mean[place] ?? 0) + (values[row * width + place] ?? 0);
  }
  for (let place = 0; place < width; place++) mean[place] = at(mean, place) / rows.length;
  const squares = new Float64Array(width);
  for (const row of rows) {
    for (let place = 0; place < width; place++) {
      const apart = (values[row * width + place] ?? 0) - (mean[place] ?? 0);
      squares[place] = (squares[place] ?? 0) + apart * apart;
    }
  }
  const deviation = squares.map((sum, place) => {
    const variance = sum / rows.length;
    return isConstant(variance, at(mean, place), rows.length) ? 1 : Math.sqrt(variance);
  });
  return { mean, deviation };
}

/** Whether a variance is what rounding leaves of a feature that never changes, by the bound of scikit-learn's StandardScaler. */
function isConstant(variance: number, mean: number, rows: number): boolean {
  return variance <= rows * Number.EPSILON * variance + (rows * mean * Number.EPSILON) ** 2;
}

/** Some rows by a standard, one after the other. */
export function standardised({ values, width }: Features, rows: Int32Array, { mean, deviation }: Standard): Features {
  const result = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries()) {
    for (let index = 0; index < width; index++) {
      const apart = (values[row * width + index] ?? 0) - (mean[index] ?? 0);
      result[place * width + index] = apart / (deviation[index] ?? 1);
    }
  }
  return { values: result, width };
}
