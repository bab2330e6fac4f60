import { describe, expect, test } from "vitest";
import { decodeJpegLossless } from "../../runtime/data/readers/dicom/jpeg-lossless.ts";
import { Random } from "../random.ts";
import { encodeJpeg, type Picture } from "./jpeg-bytes.ts";

function picture(random: Random, precision: number): Picture {
  const [rows, columns] = [1 + random.below(9), 1 + random.below(9)];
  return {
    rows,
    columns,
    precision,
    values: Array.from({ length: rows * columns }, () => random.below(2 ** precision)),
  };
}

function decode(file: Uint8Array, { rows, columns, precision }: Picture): readonly number[] | string {
  const bytesEach = precision > 8 ? 2 : 1;
  const bytes = Buffer.alloc(rows * columns * bytesEach);
  const wrong = decodeJpegLossless(file, { rows, columns }, bytesEach, bytes);
  return wrong ?? Array.from({ length: rows * columns }, (_, i) => bytes.readUIntLE(i * bytesEach, bytesEach));
}

describe("lossless JPEG", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("with predictor %i has the values that were encoded", (predictor) => {
    const random = new Random(predictor);
    for (let round = 0; round < 60; round++) {
      const made = picture(random, 2 + random.below(15));
      expect(decode(encodeJpeg(made, { predictor }), made)).toEqual(made.values);
      const restartRows = 1 + random.below(3);
      expect(decode(encodeJpeg(made, { predictor, restartRows }), made)).toEqual(made.values);
    }
  });

  test("may leave out low bits", () => {
    const made = picture(new Random(3), 12);
    expect(decode(encodeJpeg(made, { predictor: 1, shift: 2 }), made)).toEqual(made.values.map((value) => value & ~3));
  });

  const made: Picture = { rows: 4, columns: 3, precision: 12, values: Array.from({ length: 12 }, (_, i) => 300 * i) };
  const sound = encodeJpeg(made, { predictor: 1 });

  test("that is cut off anywhere says so", () => {
    for (let length = 0; length < sound.length - 2; length++) {
      expect(decode(sound.subarray(0, length), made), `${length} bytes`).toMatch(
        /^its JPEG data (end before|do not start)/,
      );
    }
  });

  test("that is damaged anywhere is read or refused", () => {
    const random = new Random(9);
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(sound);
      for (let left = random.below(3); left >= 0; left--) bytes[random.below(bytes.length)] = random.below(256);
      const read = decode(bytes, made);
      if (typeof read === "string") expect(read).toMatch(/^its JPEG data \S.+$/);
    }
  });

  test("of another size, kind or number of components is refused", () => {
    expect(decode(sound, { ...made, rows: 5 })).toBe("its JPEG data have 3 x 4 pixels, not 3 x 5");
    expect(decode(sound, { ...made, precision: 8 })).toBe("its JPEG data have 12 bits for pixels of 8");
    const changed = (from: number, to: number): Buffer => {
      const bytes = Buffer.from(sound);
      bytes[from] = to;
      return bytes;
    };
    const frame = sound.indexOf(Buffer.from([0xff, 0xc3]));
    expect(decode(changed(frame + 1, 0xc0), made)).toBe("its JPEG data are not of the lossless process");
    expect(decode(changed(frame + 9, 3), made)).toBe("its JPEG data have 3 components");
  });
});
