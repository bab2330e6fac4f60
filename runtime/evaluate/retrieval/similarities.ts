/** Latents as the rows of one array, each divided by its length in 64 bits; one of zeros stays so. Rows of zeros fill up the last four. */
export interface UnitRows {
  readonly values: Float64Array;
  readonly count: number;
  readonly width: number;
}

/** Similarities of some rows to some others: `scores[row * columns + column]` is that of row `fromRow + row` to `fromColumn + column`. */
export interface Tile {
  readonly scores: Float64Array;
  readonly fromRow: number;
  readonly rows: number;
  readonly fromColumn: number;
  readonly columns: number;
}

/** Rows and columns of a tile: its latents, 2 x 64 x 512 numbers, stay in the second level of a processor's cache. */
const side = 64;

/** Latents of one width, ready to be compared by their cosines. */
export function unitRows(latents: readonly Float32Array[]): UnitRows {
  const width = latents[0]?.length ?? 0;
  const values = new Float64Array(Math.ceil(latents.length / 4) * 4 * width);
  for (const [row, latent] of latents.entries()) {
    if (latent.length !== width) throw new Error("latents need the same width");
    const length = Math.sqrt(latent.reduce((sum, value) => sum + value * value, 0));
    for (let place = 0; place < width; place++) {
      values[row * width + place] = length === 0 ? 0 : (latent[place] ?? 0) / length;
    }
  }
  return { values, count: latents.length, width };
}

/** The cosine of one row of each, summed as tiles sum it, so that both are the same number to the last bit. */
export function similarity(a: UnitRows, row: number, b: UnitRows, column: number): number {
  const { width } = a;
  let sum = 0;
  for (let place = 0; place < width; place++) {
    sum += (a.values[row * width + place] ?? 0) * (b.values[column * width + place] ?? 0);
  }
  return sum;
}

/**
 * Visits the cosines of all rows of `a` with all of `b` tile by tile, so that no more than one tile is ever in memory. With
 * `upper` tiles wholly below the diagonal are left out. A tile's scores are good until the next.
 */
export function visitSimilarities(a: UnitRows, b: UnitRows, upper: boolean, visit: (tile: Tile) => void): void {
  const scores = new Float64Array(side * side);
  for (let fromRow = 0; fromRow < a.count; fromRow += side) {
    for (let fromColumn = upper ? fromRow : 0; fromColumn < b.count; fromColumn += side) {
      const rows = Math.min(side, a.count - fromRow);
      const columns = Math.min(side, b.count - fromColumn);
      fillTile(scores, a, fromRow, rows, b, fromColumn, columns);
      visit({ scores, fromRow, rows, fromColumn, columns });
    }
  }
}

/** Two rows with four columns at a time: each number that is loaded is used more than once, at three billion products a second. */
function fillTile(
  scores: Float64Array,
  a: UnitRows,
  fromRow: number,
  rows: number,
  b: UnitRows,
  fromColumn: number,
  columns: number,
): void {
  const { width, values: left } = a;
  const right = b.values;
  const put = (row: number, column: number, value: number): void => {
    if (row < rows && column < columns) scores[row * columns + column] = value;
  };
  for (let row = 0; row < rows; row += 2) {
    const row0 = (fromRow + row) * width;
    const row1 = row0 + width;
    for (let column = 0; column < columns; column += 4) {
      const column0 = (fromColumn + column) * width;
      const [column1, column2, column3] = [column0 + width, column0 + 2 * width, column0 + 3 * width];
      let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let place = 0; place < width; place++) {
        const x0 = left[row0 + place] ?? 0;
        const x1 = left[row1 + place] ?? 0;
        const y0 = right[column0 + place] ?? 0;
        const y1 = right[column1 + place] ?? 0;
        const y2 = right[column2 + place] ?? 0;
        const y3 = right[column3 + place] ?? 0;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      put(row, column, s00);
      put(row, column + 1, s01);
      put(row, column + 2, s02);
      put(row, column + 3, s03);
      put(row + 1, column, s10);
      put(row + 1, column + 1, s11);
      put(row + 1, column + 2, s12);
      put(row + 1, column + 3, s13);
    }
  }
}
