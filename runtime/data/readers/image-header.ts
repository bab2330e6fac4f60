import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";

/** What a picture's first bytes say of it. */
export interface ImageHeader {
  readonly format: "PNG" | "JPEG";
  readonly width: number;
  readonly height: number;
  /**
   * How its pixels are resized before they become red, green and blue: `picked` are those of a palette or of one bit, of
   * which none is mixed with another.
   */
  readonly colour: "rgb" | "rgba" | "cmyk" | "grey16" | "picked";
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const jpegSignature = [0xff, 0xd8, 0xff];
const copyAgain = "Copy or download it again.";

/**
 * Reads what a PNG or JPEG file says of itself before its pixels, by its content and never by its name. Anything else is
 * refused.
 */
export function readImageHeader(bytes: Uint8Array): Result<ImageHeader, Fault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = startsWith(bytes, pngSignature)
    ? pngHeader(view)
    : startsWith(bytes, jpegSignature)
      ? jpegHeader(view)
      : unknown(bytes);
  if (header.kind === "failed") return header;
  const { format, width, height } = header.value;
  return width > 0 && height > 0 ? header : failed(fault(`it is a ${format} file of ${width} x ${height} pixels`));
}

function unknown(bytes: Uint8Array): Result<never, Fault> {
  return failed(
    bytes.length === 0 ? fault("it is empty") : fault("it is not a PNG or JPEG file", "Convert it to one of these."),
  );
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** The header is the first of a PNG's parts, and always as long. */
function pngHeader(view: DataView): Result<ImageHeader, Fault> {
  const isHeader = view.byteLength >= 26 && view.getUint32(12) === 0x49484452;
  if (!isHeader) return failed(fault("it is a PNG file without a header", copyAgain));
  const [depth, type] = [view.getUint8(24), view.getUint8(25)];
  const colour = pngColour(type, depth);
  if (colour === null) return failed(fault(`its PNG header has the unknown colour type ${type} with ${depth} bits`));
  return ok({ format: "PNG", width: view.getUint32(16), height: view.getUint32(20), colour });
}

function pngColour(type: number, depth: number): ImageHeader["colour"] | null {
  const isWhole = depth === 8 || depth === 16;
  switch (type) {
    case 0:
      return depth === 16 ? "grey16" : depth === 1 ? "picked" : [2, 4, 8].includes(depth) ? "rgb" : null;
    case 2:
      return isWhole ? "rgb" : null;
    case 3:
      return [1, 2, 4, 8].includes(depth) ? "picked" : null;
    case 4:
    case 6:
      return isWhole ? "rgba" : null;
    default:
      return null;
  }
}

/** The parts of a JPEG up to the one that has its size, each with a marker and a length. */
function jpegHeader(view: DataView): Result<ImageHeader, Fault> {
  for (let at = 2; at + 9 < view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    // A marker may have any number of these before it.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isSize = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isSize) {
      const parts = view.getUint8(at + 9);
      if (parts !== 1 && parts !== 3 && parts !== 4) return failed(fault(`it is a JPEG file of ${parts} colours`));
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return ok({ format: "JPEG", width, height, colour: parts === 4 ? "cmyk" : "rgb" });
    }
    const hasLength = marker >= 0xc0 && marker !== 0xd9 && marker !== 0xda && (marker < 0xd0 || marker > 0xd8);
    if (!hasLength) break;
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return failed(fault("it is a JPEG file without a size", copyAgain));
}
