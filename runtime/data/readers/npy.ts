import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";

/** How the values of an array are stored: 32-bit or 16-bit floats, little-endian. */
export type NpyType = "f32" | "f16";

export const npyBytes: Readonly<Record<NpyType, number>> = { f32: 4, f16: 2 };

/** What the header of a NumPy file says, and where the values start. */
export interface NpyHeader {
  readonly type: NpyType;
  readonly shape: readonly number[];
  readonly headerBytes: number;
}

/** An array of any type, as its header describes it. */
export interface NpyArray extends Omit<NpyHeader, "type"> {
  /** NumPy's description of the type as it is written, such as `'<i2'`. */
  readonly type: string;
}

/** Bytes at the start of a file that its header ends within; NumPy's own are 128. */
export const longestNpyHeader = 4096;

/** Bytes that say how long a header is. */
export const npyStart = 12;

const mostAxes = 32;

/**
 * Reads the header of a NumPy file from its first bytes. Refused is what is not an array of 32-bit or 16-bit floats with the last axis
 * fastest.
 */
export function parseNpyHeader(start: Uint8Array): Result<NpyHeader, Fault> {
  const parsed = parseNpyArray(start);
  if (parsed.kind === "failed") return parsed;
  const { type: written, ...header } = parsed.value;
  const type = written === "'<f4'" ? "f32" : written === "'<f2'" ? "f16" : null;
  if (type === null) {
    return failed(fault(`its values are of type ${written}, not 32-bit or 16-bit floats ('<f4', '<f2')`));
  }
  return ok({ ...header, type });
}

/**
 * Reads the header of a NumPy file (numpy.lib.format, versions 1 to 3) from its first bytes, whatever its type is. Refused are arrays
 * whose last axis is not the fastest.
 */
export function parseNpyArray(start: Uint8Array): Result<NpyArray, Fault> {
  const length = npyHeaderLength(start);
  if (length.kind === "failed") return length;
  const { textStart, headerBytes } = length.value;
  if (headerBytes > start.length) {
    const textBytes = headerBytes - textStart;
    return failed(fault(`its header has ${textBytes} bytes, more than there are or than it may have`));
  }
  const text = String.fromCharCode(...start.subarray(textStart, headerBytes)).trim();
  const entries = entriesOf(text);
  if (entries === null) return failed(fault(`its header ${quoted(text)} is not NumPy's`));
  const [type = "", order, shapeText] = ["descr", "fortran_order", "shape"].map((key) => entries.get(key) ?? "");
  if (order !== "False") return failed(fault("its first axis is the fastest, not its last", fortranHelp));
  const shape = shapeIn(shapeText ?? "");
  return shape === null
    ? failed(fault(`its shape ${quoted(shapeText ?? "")} is not one`))
    : ok({ type, shape, headerBytes });
}

/** Where the text of a header starts, and the values behind it, from the first bytes of a file. */
export function npyHeaderLength(
  start: Uint8Array,
): Result<{ readonly textStart: number; readonly headerBytes: number }, Fault> {
  const isNumpy = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, place) => start[place] === byte);
  if (!isNumpy || start.length < npyStart) return failed(fault("it is not a NumPy file"));
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3) return failed(fault(`its NumPy format ${version} is not known`));
  const [textStart, textBytes] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  return ok({ textStart, headerBytes: textStart + textBytes });
}

const fortranHelp = "write it with numpy.ascontiguousarray";

/** The entries of a dictionary as Python prints it; null for anything else. */
function entriesOf(text: string): ReadonlyMap<string, string> | null {
  const entry = /\s*'(\w+)'\s*:\s*('[^']*'|True|False|\([\d, ]*\))\s*(,|$)/y;
  if (!text.startsWith("{") || !text.endsWith("}")) return null;
  const inside = text.slice(1, -1).trimEnd();
  const entries = new Map<string, string>();
  while (entry.lastIndex < inside.length) {
    const [, key = "", value = ""] = entry.exec(inside) ?? [];
    if (key === "" || entries.has(key)) return null;
    entries.set(key, value);
  }
  return entries.size === 3 ? entries : null;
}

function shapeIn(text: string): readonly number[] | null {
  const sizes = text
    .slice(1, -1)
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "");
  const shape = sizes.map(Number);
  const areSizes = sizes.every((size) => /^\d{1,15}$/.test(size)) && shape.length <= mostAxes;
  return text.startsWith("(") && text.endsWith(")") && areSizes ? shape : null;
}

/** The first bytes of a NumPy file, as NumPy 1 and 2 write them, up to its values. */
export function encodeNpyHeader(type: NpyType, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape.join()},` : shape.join(", ");
  const text = `{'descr': '<${type === "f32" ? "f4" : "f2"}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const before = 10;
  // Values start at a multiple of 64 bytes.
  const length = Math.ceil((before + text.length + 1) / 64) * 64 - before;
  const bytes = new Uint8Array(before + length).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  bytes.set(new TextEncoder().encode(text), before);
  bytes[bytes.length - 1] = 0x0a;
  return bytes;
}

/** 16-bit floats as 32-bit ones, each with the same value. */
export function widened(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const table = halfValues();
  const values = new Float32Array(halves.length);
  // Every number of 16 bits is in the table; a check that throws would cost time for every voxel.
  for (let index = 0; index < halves.length; index++) values[index] = table[halves[index] ?? 0] ?? 0;
  return values;
}

let known: Float32Array | null = null;

/** The values of all 16-bit floats, by their bits (IEEE 754 binary16). */
function halfValues(): Float32Array {
  known ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const sign = bits < 0x8000 ? 1 : -1;
    if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
  return known;
}
