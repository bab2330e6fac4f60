import { deflateRawSync } from "node:zlib";

/** An element of a data set: a text, a 16-bit number, bytes as they are, or the items of a sequence; null leaves it out. */
export type Value = string | number | Buffer | readonly Elements[] | null;
/** By tags as eight hexadecimal digits. */
export type Elements = Readonly<Record<string, readonly [vr: string, value: Value]>>;

/** What a file that tests make says; what is left out makes a sound slice of 4 x 3 pixels of a CT. */
export interface DicomParts {
  readonly syntax?: keyof typeof syntaxes;
  /** Another transfer syntax than what the bytes are in. */
  readonly claimed?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly position?: readonly number[];
  readonly orientation?: readonly number[];
  readonly spacing?: readonly number[];
  readonly series?: string;
  readonly allocated?: number;
  readonly stored?: number;
  readonly signed?: boolean;
  readonly slope?: number | null;
  readonly intercept?: number;
  /** Stored values in their order; 0, 1, 2, ... when they are left out. */
  readonly values?: readonly number[];
  /** In place of what the values come to. */
  readonly pixels?: Buffer | null;
  /** Elements in place of others, and besides them. */
  readonly elements?: Elements;
}

export const syntaxes = {
  implicit: "1.2.840.10008.1.2",
  explicit: "1.2.840.10008.1.2.1",
  deflated: "1.2.840.10008.1.2.1.99",
  big: "1.2.840.10008.1.2.2",
  rle: "1.2.840.10008.1.2.5",
} as const;

interface Encoding {
  readonly little: boolean;
  readonly explicit: boolean;
}

const longLengths = new Set(["OB", "OW", "SQ", "UN", "UT"]);

/** A DICOM file, written from part 5 and part 10 of the standard and by no code of the reader's. */
export function dicomFile(parts: DicomParts = {}): Buffer {
  const { syntax = "explicit", columns = 4, rows = 3, allocated = 16, signed = true } = parts;
  const encoding = { little: syntax !== "big", explicit: syntax !== "implicit" };
  const count = columns * rows;
  const values = parts.values ?? Array.from({ length: count }, (_, index) => index);
  const raw = rawPixels(values, allocated / 8, encoding.little);
  const pixels =
    parts.pixels === undefined ? (syntax === "rle" ? encapsulated([rleFrame(raw, allocated / 8)]) : raw) : parts.pixels;
  const stored = parts.stored ?? allocated;
  const slope = parts.slope === undefined ? 1 : parts.slope;
  const all: Elements = {
    "00080008": ["CS", "ORIGINAL\\PRIMARY\\AXIAL"],
    "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.2"],
    "00080060": ["CS", "CT"],
    "0020000e": ["UI", parts.series ?? "1.2.3"],
    "00200032": ["DS", (parts.position ?? [0, 0, 0]).join("\\")],
    "00200037": ["DS", (parts.orientation ?? [1, 0, 0, 0, 1, 0]).join("\\")],
    "00280002": ["US", 1],
    "00280004": ["CS", "MONOCHROME2"],
    "00280010": ["US", rows],
    "00280011": ["US", columns],
    "00280030": ["DS", (parts.spacing ?? [0.75, 0.5]).join("\\")],
    "00280100": ["US", allocated],
    "00280101": ["US", stored],
    "00280102": ["US", stored - 1],
    "00280103": ["US", Number(signed)],
    "00281052": ["DS", slope === null ? null : String(parts.intercept ?? -1024)],
    "00281053": ["DS", slope === null ? null : String(slope)],
    "7fe00010": [allocated === 16 && syntax !== "rle" ? "OW" : "OB", pixels],
    ...parts.elements,
  };
  const meta = dataSet(
    { "00020010": ["UI", parts.claimed ?? syntaxes[syntax]], "00020012": ["UI", "1.2.3.4"] },
    { little: true, explicit: true },
  );
  const metaLength = dataSet({ "00020000": ["UL", uint32(meta.length, true)] }, { little: true, explicit: true });
  const set = dataSet(all, encoding);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    metaLength,
    meta,
    syntax === "deflated" ? deflateRawSync(set) : set,
  ]);
}

/** Pixel data of parts, after a part that would say where they start. */
export function encapsulated(parts: readonly Buffer[]): Buffer {
  const item = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from("feff00e0", "hex"), uint32(bytes.length, true), bytes]);
  return Buffer.concat([item(Buffer.alloc(0)), ...parts.map(item), Buffer.from("feffdde000000000", "hex")]);
}

/** A frame in RLE: the bytes of each place of a pixel apart, most significant first, in runs where there are any. */
export function rleFrame(little: Buffer, bytesEach: number): Buffer {
  const segments = Array.from({ length: bytesEach }, (_, index) => {
    const place = bytesEach - 1 - index;
    const packed = pack(Buffer.from(little.filter((_, at) => at % bytesEach === place)));
    return Buffer.concat([packed, Buffer.alloc(packed.length % 2)]);
  });
  const head = Buffer.alloc(64);
  head.writeUInt32LE(bytesEach, 0);
  let at = 64;
  for (const [index, segment] of segments.entries()) {
    head.writeUInt32LE(at, 4 * (index + 1));
    at += segment.length;
  }
  return Buffer.concat([head, ...segments]);
}

function pack(bytes: Buffer): Buffer {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let run = 1;
    while (run < 128 && at + run < bytes.length && bytes[at + run] === bytes[at]) run++;
    out.push(...(run === 1 ? [0] : [257 - run]), bytes[at] ?? 0);
    at += run;
  }
  return Buffer.from(out);
}

function rawPixels(values: readonly number[], bytesEach: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(values.length * bytesEach);
  for (const [index, value] of values.entries()) {
    const bits = value & (2 ** (8 * bytesEach) - 1) || 0;
    if (little) bytes.writeUIntLE(bits >>> 0, index * bytesEach, bytesEach);
    else bytes.writeUIntBE(bits >>> 0, index * bytesEach, bytesEach);
  }
  return bytes;
}

function dataSet(elements: Elements, encoding: Encoding): Buffer {
  const sorted = Object.entries(elements).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(
    sorted.map(([tag, [vr, value]]) => (value === null ? Buffer.alloc(0) : element(tag, vr, value, encoding))),
  );
}

function element(tag: string, vr: string, value: NonNullable<Value>, encoding: Encoding): Buffer {
  const bytes = bytesOf(value, encoding);
  const even = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2, vr === "UI" ? 0 : vr === "OB" ? 0 : 32)]);
  // Pixel data of parts have no length.
  const isEncapsulated = tag === "7fe00010" && bytes.subarray(0, 4).equals(Buffer.from("feff00e0", "hex"));
  const length = isEncapsulated ? 0xffffffff : even.length;
  const long = uint32(length, encoding.little);
  const head = !encoding.explicit
    ? [long]
    : longLengths.has(vr)
      ? [Buffer.from(`${vr}\0\0`), long]
      : [Buffer.from(vr), uint16(length, encoding.little)];
  return Buffer.concat([tagBytes(tag, encoding.little), ...head, even]);
}

function bytesOf(value: NonNullable<Value>, encoding: Encoding): Buffer {
  if (typeof value === "string") return Buffer.from(value, "latin1");
  if (typeof value === "number") return uint16(value, encoding.little);
  if (Buffer.isBuffer(value)) return value;
  const items = value.map((item) => {
    const bytes = dataSet(item, encoding);
    return Buffer.concat([tagBytes("fffee000", encoding.little), uint32(bytes.length, encoding.little), bytes]);
  });
  return Buffer.concat(items);
}

function tagBytes(tag: string, little: boolean): Buffer {
  return Buffer.concat([
    uint16(Number.parseInt(tag.slice(0, 4), 16), little),
    uint16(Number.parseInt(tag.slice(4), 16), little),
  ]);
}

function uint16(value: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(2);
  if (little) bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number, little: boolean): Buffer {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}
