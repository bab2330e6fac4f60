import type { Sharp } from "sharp";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { loadSharp } from "./image-decoder.ts";
import { type ImageHeader, readImageHeader } from "./image-header.ts";

/** Pixels of 8 bits, row after row, each of so many channels. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly colour: "rgb" | "rgba" | "cmyk" | "picked";
  readonly values: Uint8Array;
}

/** Pixels of a picture, which take up to 4 bytes each, and of one of its sides. */
const mostPixels = 2 ** 26;
const longestSide = 2 ** 16;

/**
 * Decodes a PNG or JPEG file as Pillow does, to the same values: its rotation in EXIF, its colour profile and its gamma are
 * left alone. Refused are files that are cut off or damaged, also where Pillow overlooks it. 16-bit grey, of which Pillow
 * makes white wherever it is above 255, is refused unless `bits` says how many of its bits are used.
 */
export async function decodeImage(bytes: Uint8Array, bits: number | null): Promise<Result<Pixels, Fault>> {
  const header = readImageHeader(bytes);
  if (header.kind === "failed") return header;
  const { width, height } = header.value;
  if (width * height > mostPixels || Math.max(width, height) > longestSide) {
    const message = `it has ${width} x ${height} pixels; the limits are ${longestSide} on a side and ${mostPixels} in all`;
    return failed(fault(message, "Save it smaller."));
  }
  const decoded = await decode(bytes, header.value);
  if (decoded.kind === "failed") return decoded;
  const { colour } = header.value;
  if (colour !== "grey16") {
    const channels = colour === "rgba" || colour === "cmyk" ? 4 : 3;
    return ok({ width, height, channels, colour, values: decoded.value });
  }
  const grey = greyOf(decoded.value, bits);
  return grey.kind === "failed" ? grey : ok({ width, height, channels: 3, colour: "rgb", values: grey.value });
}

async function decode(
  bytes: Uint8Array,
  { format, width, height, colour }: ImageHeader,
): Promise<Result<Buffer, Fault>> {
  const loaded = await loadSharp();
  if (loaded.kind === "failed") return loaded;
  const image = loaded.value(bytes, { failOn: "warning", limitInputPixels: mostPixels, ignoreIcc: true });
  try {
    const values = await rawOf(image, colour).toBuffer();
    if (values.length === width * height * pixelBytes[colour]) return ok(values);
    return failed(fault(`its ${format} data is not of ${width} x ${height} pixels, as its header says`));
  } catch (error) {
    const [reason = ""] = (error instanceof Error ? error.message : String(error)).trim().split("\n");
    return failed(fault(`its ${format} data is damaged or truncated: ${reason}`, "Copy or download it again."));
  }
}

const pixelBytes: Readonly<Record<ImageHeader["colour"], number>> = { rgb: 3, picked: 3, rgba: 4, cmyk: 4, grey16: 2 };

/** Values as they are stored: without a conversion of colours, and only with the alpha that Pillow has too. */
function rawOf(image: Sharp, colour: ImageHeader["colour"]): Sharp {
  switch (colour) {
    case "rgb":
    case "picked":
      return image.removeAlpha().raw();
    case "rgba":
      return image.raw();
    case "cmyk":
      return image.pipelineColourspace("cmyk").toColourspace("cmyk").raw();
    case "grey16":
      return image.removeAlpha().pipelineColourspace("grey16").toColourspace("grey16").raw({ depth: "ushort" });
  }
}

/** The highest 8 of the bits that are used, thrice: red, green and blue. */
function greyOf(bytes: Buffer, bits: number | null): Result<Uint8Array, Fault> {
  const stored = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  let largest = 0;
  for (const value of stored) if (value > largest) largest = value;
  if (bits === null) {
    return failed(
      fault(
        `it has 16-bit grey values, up to ${largest}, and nothing says how many of the bits are used`,
        "Set `bits` for images, such as `bits = 16` for values up to 65535, or convert it to 8 bits.",
      ),
    );
  }
  if (largest >= 2 ** bits) {
    return failed(fault(`it has a grey value of ${largest}, but \`bits = ${bits}\` has none above ${2 ** bits - 1}`));
  }
  const values = new Uint8Array(stored.length * 3);
  for (let index = 0; index < stored.length; index++) {
    values.fill((stored[index] ?? 0) >> (bits - 8), 3 * index, 3 * index + 3);
  }
  return ok(values);
}
