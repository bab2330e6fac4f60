import { deflateSync } from "node:zlib";
import { crc32 } from "../files/index.ts";

/** A picture in shades of grey, row after row from the top. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** One whose pixels are red, green and blue. */
export interface ColourPicture extends GreyPicture {
  readonly isColour: true;
}

/** A picture as a PNG file: 8 bits of grey or of each colour, no filter. The format: www.w3.org/TR/png. */
export function encodePng(picture: GreyPicture | ColourPicture): Uint8Array {
  const { width, height, pixels } = picture;
  const [type, channels] = "isColour" in picture ? [2, 3] : [0, 1];
  const rowBytes = width * channels;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  head[9] = type;
  // Each row starts with the number of its filter.
  const rows = Buffer.alloc(height * (rowBytes + 1));
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  }
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}
