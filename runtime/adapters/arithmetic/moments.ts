import { at } from "../../at.ts";

/** The moments of rows of one width: their number, mean, and the sum of products of what they are without it, [width, width] by rows. */
export interface Moments {
  readonly rows: number;
  readonly mean: ArrayLike<number>;
  readonly scatter: ArrayLike<number>;
}

/** Moments of all rows that were added, in 64-bit floats. Nothing of earlier rows is left out, unlike in incremental PCA. */
export class MomentsSum implements Moments {
  rows = 0;
  readonly mean: Float64Array;
  readonly scatter: Float64Array;

  constructor(width: number) {
    this.mean = new Float64Array(width);
    this.scatter = new Float64Array(width * width);
  }

  /** Adds other rows by their moments (Chan, Golub and LeVeque, 1979). */
  add({ rows, mean, scatter }: Moments): void {
    const { mean: own, scatter: sum } = this;
    const width = own.length;
    const total = this.rows + rows;
    const weight = (this.rows * rows) / total;
    const apart = own.map((value, place) => at(mean, place) - value);
    for (let row = 0, place = 0; row < width; row++) {
      const factor = weight * at(apart, row);
      for (let column = 0; column < width; column++, place++)
        sum[place] = (sum[place] ?? Number.NaN) + (scatter[place] ?? Number.NaN) + factor * at(apart, column);
    }
    for (const [place, distance] of apart.entries()) own[place] = at(own, place) + (distance * rows) / total;
    this.rows = total;
  }
}
