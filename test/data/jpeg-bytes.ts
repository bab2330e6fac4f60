/** A picture in grey, row after row, of some bits. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  readonly values: readonly number[];
}

interface Coding {
  readonly predictor: number;
  /** Rows from one restart to the next; 0 for none. */
  readonly restartRows?: number;
  readonly shift?: number;
}

function segment(marker: number, content: readonly number[]): readonly number[] {
  const length = content.length + 2;
  return [0xff, marker, length >> 8, length & 0xff, ...content];
}

/** A lossless JPEG file by ITU-T T.81, annex H, in which the code of each of the 17 categories is its number in 5 bits. */
export function encodeJpeg(
  { rows, columns, precision, values }: Picture,
  { predictor, restartRows = 0, shift = 0 }: Coding,
): Buffer {
  const restart = restartRows * columns;
  const out = [
    ...[0xff, 0xd8],
    ...segment(0xe0, [...Buffer.from("JFIF\0")]),
    ...segment(0xc4, [0, ...Array.from({ length: 16 }, (_, i) => (i === 4 ? 17 : 0)), ...Array(17).keys()]),
    ...segment(0xc3, [precision, rows >> 8, rows & 255, columns >> 8, columns & 255, 1, 1, 0x11, 0]),
    ...(restart === 0 ? [] : segment(0xdd, [restart >> 8, restart & 255])),
    ...segment(0xda, [1, 1, 0, predictor, 0, shift]),
  ];
  let bits = "";
  const flush = (): void => {
    while (bits.length % 8 !== 0) bits += "1";
    for (let at = 0; at < bits.length; at += 8) {
      const byte = Number.parseInt(bits.slice(at, at + 8), 2);
      out.push(byte, ...(byte === 0xff ? [0] : []));
    }
    bits = "";
  };
  const at = (row: number, column: number): number => (values[row * columns + column] ?? 0) >> shift;
  for (let row = 0; row < rows; row++) {
    const isFirst = restartRows === 0 ? row === 0 : row % restartRows === 0;
    if (isFirst && row > 0) {
      flush();
      out.push(0xff, 0xd0 + ((row / restartRows - 1) % 8));
    }
    for (let column = 0; column < columns; column++) {
      const [a, b, c] = [at(row, column - 1), at(row - 1, column), at(row - 1, column - 1)];
      const inside = [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor] ?? 0;
      const edge = column > 0 ? a : isFirst ? 2 ** (precision - shift - 1) : b;
      const expected = isFirst || column === 0 ? edge : inside;
      // Differences are taken modulo 2^16.
      const difference = ((at(row, column) - expected + 0x18000) & 0xffff) - 0x8000;
      if (difference === -0x8000) {
        bits += "10000";
        continue;
      }
      const category = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
      bits += category.toString(2).padStart(5, "0");
      if (category > 0) {
        const extra = difference > 0 ? difference : difference + 2 ** category - 1;
        bits += extra.toString(2).padStart(category, "0");
      }
    }
  }
  flush();
  return Buffer.from([...out, 0xff, 0xd9]);
}
