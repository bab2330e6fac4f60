/** A grey picture of JPEG, as its frame header says it. */
interface Frame {
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
}

/** By the next 16 bits: the length of the code in the upper byte, and what it stands for in the lower; 0 for no code. */
type HuffmanTable = Uint16Array;

/**
 * Lossless JPEG, process 14 of ITU-T T.81 (annex H) with any of its seven predictors, of one component. Writes the pixels
 * little-endian; what is wrong in words, or null.
 */
export function decodeJpegLossless(
  file: Uint8Array,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  bytesEach: number,
  into: Uint8Array,
): string | null {
  const tables = new Map<number, HuffmanTable>();
  let frame: Frame | null = null;
  let restart = 0;
  let tableSegments = 0;
  if (file[0] !== 0xff || file[1] !== 0xd8) return "its JPEG data do not start as JPEG does";
  for (let at = 2; at + 4 <= file.length; ) {
    if (file[at] !== 0xff) return damaged;
    const marker = file[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = word(file, at + 2);
    const content = file.subarray(at + 4, at + 2 + length);
    if (length < 2 || content.length !== length - 2) return ended;
    at += 2 + length;
    if (marker === 0xc4) {
      if (++tableSegments > mostTableSegments || !readTables(content, tables)) return damaged;
    } else if (marker === 0xdd) restart = word(content, 0);
    else if (marker === 0xc3) {
      frame = { precision: content[0] ?? 0, rows: word(content, 1), columns: word(content, 3) };
      if (content[5] !== 1) return `its JPEG data have ${content[5] ?? 0} components`;
    } else if (marker === 0xda) {
      const table = tables.get((content[2] ?? 0) >> 4);
      if (frame === null || table === undefined || content.length < 6) return damaged;
      if (frame.rows !== rows || frame.columns !== columns) {
        return `its JPEG data have ${frame.columns} x ${frame.rows} pixels, not ${columns} x ${rows}`;
      }
      const scan = { predictor: content[3] ?? 0, shift: (content[5] ?? 0) & 15, restart };
      if (scan.predictor < 1 || scan.predictor > 7 || scan.shift >= frame.precision) return damaged;
      if (frame.precision < 2 || frame.precision > 8 * bytesEach || bytesEach > 2) {
        return `its JPEG data have ${frame.precision} bits for pixels of ${8 * bytesEach}`;
      }
      if (restart % columns !== 0) return "its JPEG data start anew within a row";
      return decodeScan(new Bits(file.subarray(at)), table, frame, scan, bytesEach, into);
    } else if (marker >= 0xc0 && marker <= 0xcf) return "its JPEG data are not of the lossless process";
  }
  return ended;
}

/** One or two are usual, and each takes a while to unfold. */
const mostTableSegments = 16;
const damaged = "its JPEG data are damaged";
const ended = "its JPEG data end before its pixels do";

/** Four of each class. */
const mostTables = 8;

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** Adds the tables of a segment: how many codes there are of each length, and what they stand for in order. */
function readTables(content: Uint8Array, tables: Map<number, HuffmanTable>): boolean {
  for (let at = 0, read = 0; at < content.length; read++) {
    if (read === mostTables) return false;
    const name = content[at] ?? 0;
    const table = new Uint16Array(2 ** 16);
    let code = 0;
    let values = at + 17;
    for (let length = 1; length <= 16; length++, code *= 2) {
      for (let left = content[at + length] ?? 0; left > 0; left--, code++) {
        const value = content[values++];
        if (value === undefined || code >= 2 ** length) return false;
        table.fill((length << 8) | value, code << (16 - length), (code + 1) << (16 - length));
      }
    }
    at = values;
    if (name < 4) tables.set(name, table);
  }
  return true;
}

/** Bits of entropy-coded data up to a marker, behind which there are zeros. */
class Bits {
  private readonly bytes: Uint8Array;
  private at = 0;
  private held = 0;
  private count = 0;
  /** Bits that were made up behind the end. */
  private madeUp = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next 16 bits, which stay. */
  peek16(): number {
    while (this.count < 16) {
      let byte = this.bytes[this.at];
      const next = this.bytes[this.at + 1];
      if (byte === undefined || (byte === 0xff && next !== 0)) {
        byte = 0;
        this.madeUp += 8;
      } else this.at += byte === 0xff ? 2 : 1;
      this.held = ((this.held << 8) | byte) & 0xffffff;
      this.count += 8;
    }
    return (this.held >>> (this.count - 16)) & 0xffff;
  }

  skip(bits: number): void {
    this.count -= bits;
  }

  /** Whether bits were taken that are not there. */
  get isOver(): boolean {
    return this.madeUp > this.count;
  }

  /** Steps over what is left of a byte and the marker of a restart; false where there is none. */
  restart(): boolean {
    const marker = this.bytes[this.at + 1] ?? 0;
    if (this.count - this.madeUp >= 8 || this.bytes[this.at] !== 0xff || marker < 0xd0 || marker > 0xd7) return false;
    this.at += 2;
    this.held = 0;
    this.count = 0;
    this.madeUp = 0;
    return true;
  }
}

function decodeScan(
  bits: Bits,
  table: HuffmanTable,
  { precision, rows, columns }: Frame,
  { predictor, shift, restart }: { readonly predictor: number; readonly shift: number; readonly restart: number },
  bytesEach: number,
  into: Uint8Array,
): string | null {
  const first = 2 ** (precision - shift - 1);
  const rowsApart = restart === 0 ? rows : restart / columns;
  let above = new Uint16Array(columns);
  let row = new Uint16Array(columns);
  for (let y = 0; y < rows; y++) {
    const isFirst = y % rowsApart === 0;
    if (isFirst && y > 0 && !bits.restart()) return damaged;
    for (let x = 0; x < columns; x++) {
      const entry = table[bits.peek16()] ?? 0;
      if (entry === 0) return bits.isOver ? ended : damaged;
      if ((entry & 0xff) > 16) return damaged;
      bits.skip(entry >> 8);
      const difference = differenceOf(bits, entry & 0xff);
      const left = row[x - 1] ?? first;
      const up = above[x] ?? 0;
      const expected = isFirst ? left : x === 0 ? up : predicted(predictor, left, up, above[x - 1] ?? 0);
      const value = (expected + difference) & 0xffff;
      row[x] = value;
      const pixel = value << shift;
      const at = (y * columns + x) * bytesEach;
      into[at] = pixel;
      if (bytesEach > 1) into[at + 1] = pixel >> 8;
    }
    if (bits.isOver) return ended;
    [above, row] = [row, above];
  }
  return null;
}

/** The difference of a category: that many bits, of which a first 0 says that it is negative. */
function differenceOf(bits: Bits, category: number): number {
  if (category === 0) return 0;
  if (category === 16) return 2 ** 15;
  const value = bits.peek16() >> (16 - category);
  bits.skip(category);
  return value < 2 ** (category - 1) ? value - 2 ** category + 1 : value;
}

function predicted(predictor: number, left: number, up: number, upLeft: number): number {
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return upLeft;
    case 4:
      return left + up - upLeft;
    case 5:
      return left + ((up - upLeft) >> 1);
    case 6:
      return up + ((left - upLeft) >> 1);
    default:
      return (left + up) >> 1;
  }
}
