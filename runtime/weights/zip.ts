import { FormatError } from "./format-error.ts";
import { readPart, type WeightFile } from "./weight-file.ts";

/** A file in an archive: its bytes, as they are stored, are those of the archive from one place up to another. */
export interface ZipEntry {
  readonly from: number;
  readonly to: number;
  /** How they are compressed; nothing here unpacks them. */
  readonly packing: "none" | "deflate" | "other";
  /** How many bytes the file has, and their CRC-32, as the directory says. */
  readonly bytes: number;
  readonly checksum: number;
}

/** A zip archive's end, at most: its record and the longest comment. */
const longestEnd = 22 + 0xffff;
/** Some 300,000 entries. */
const longestDirectory = 2 ** 24;

const signatures = { end: 0x06054b50, end64: 0x06064b50, locator: 0x07064b50, entry: 0x02014b50, local: 0x04034b50 };

/**
 * Where the files of a zip archive are (PKWARE's APPNOTE.TXT, with ZIP64), by their names. Refuses with a FormatError
 * entries that are encrypted, that overlap, that are there twice, or whose names lead out of the archive. Checksums are not
 * looked at, as torch.save can be told to leave them out; whoever unpacks an entry may.
 */
export function readZip(file: WeightFile): ReadonlyMap<string, ZipEntry> {
  const { from, to, count } = findDirectory(file);
  const directory = new Bytes(file, from, to);
  const entries = new Map<string, ZipEntry>();
  const spans: Span[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const { listed, next } = readListed(directory, at, file);
    if (entries.has(listed.name)) throw new FormatError(file.path, `it has \`${listed.name}\` twice`);
    const entry = findContent(listed, file, from);
    entries.set(listed.name, entry);
    spans.push({ name: listed.name, from: listed.local, to: entry.to });
    at = next;
  }
  if (at !== to - from) throw new FormatError(file.path, "its directory is longer than its entries");
  refuseOverlaps(spans, file);
  return entries;
}

/** An entry of the directory. */
interface Listed {
  readonly name: string;
  /** Bytes as they are in the archive. */
  readonly size: number;
  readonly packing: ZipEntry["packing"];
  readonly bytes: number;
  readonly checksum: number;
  /** Where its own header starts. */
  readonly local: number;
}

interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Numbers in some bytes of a file, which are given in their order; what is asked for behind their end is refused. */
class Bytes {
  private readonly path: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(file: WeightFile, from: number, to: number) {
    this.path = file.path;
    this.bytes = readPart(file, from, to);
    this.view = new DataView(this.bytes.buffer);
  }

  get length(): number {
    return this.bytes.length;
  }

  u16(at: number): number {
    return this.view.getUint16(this.inside(at, 2), true);
  }

  u32(at: number): number {
    return this.view.getUint32(this.inside(at, 4), true);
  }

  /** A number of 64 bits; what is beyond 2^53 is beyond every file. */
  u64(at: number): number {
    return Number(this.view.getBigUint64(this.inside(at, 8), true));
  }

  slice(at: number, length: number): Uint8Array {
    return this.bytes.subarray(this.inside(at, length), at + length);
  }

  private inside(at: number, length: number): number {
    if (at + length <= this.bytes.length) return at;
    throw new FormatError(this.path, "its zip archive is truncated");
  }
}

/** Where the directory is, and how many entries it has. */
function findDirectory(file: WeightFile): { readonly from: number; readonly to: number; readonly count: number } {
  const start = Math.max(0, file.size - longestEnd);
  const tail = new Bytes(file, start, file.size);
  let at = tail.length - 22;
  // The comment behind the record reaches to the end of the file.
  while (at >= 0 && !(tail.u32(at) === signatures.end && at + 22 + tail.u16(at + 20) === tail.length)) at--;
  if (at < 0) throw new FormatError(file.path, "its zip archive has no end: the copy may be incomplete");
  const record = start + at;
  const short = { count: tail.u16(at + 10), size: tail.u32(at + 12), from: tail.u32(at + 16), to: record };
  const has64 = record >= 20 && new Bytes(file, record - 20, record).u32(0) === signatures.locator;
  const { count, size, from, to } = has64 ? readEnd64(file, record - 20) : short;
  const disks = [tail.u16(at + 4), tail.u16(at + 6)];
  if (disks.some((disk) => disk !== 0)) throw new FormatError(file.path, "its zip archive is in several parts");
  if (from + size !== to || !Number.isSafeInteger(from)) {
    throw new FormatError(file.path, "the directory of its zip archive is not where its end says");
  }
  if (size > longestDirectory)
    throw new FormatError(file.path, `its zip archive lists more than ${size} bytes of names`);
  return { from, to, count };
}

function readEnd64(file: WeightFile, locatorAt: number) {
  const at = new Bytes(file, locatorAt, locatorAt + 20).u64(8);
  if (!(at + 56 <= locatorAt)) throw new FormatError(file.path, "the end of its zip archive is not where it says");
  const record = new Bytes(file, at, at + 56);
  if (record.u32(0) !== signatures.end64 || at + 12 + record.u64(4) !== locatorAt) {
    throw new FormatError(file.path, "the end of its zip archive is malformed");
  }
  return { count: record.u64(32), size: record.u64(40), from: record.u64(48), to: at };
}

function readListed(
  directory: Bytes,
  at: number,
  file: WeightFile,
): { readonly listed: Listed; readonly next: number } {
  if (directory.u32(at) !== signatures.entry) throw new FormatError(file.path, "its directory is malformed");
  const [flags, method] = [directory.u16(at + 8), directory.u16(at + 10)];
  const [nameLength, extraLength, commentLength] = [
    directory.u16(at + 28),
    directory.u16(at + 30),
    directory.u16(at + 32),
  ];
  const name = entryName(directory.slice(at + 46, nameLength), file);
  const next = at + 46 + nameLength + extraLength + commentLength;
  const wide = wideNumbers(directory, at + 46 + nameLength, extraLength);
  // The extra field has those of the three numbers that do not fit, in this order.
  const numberAt = (place: number): number => {
    const number = directory.u32(at + place);
    return number === 0xffffffff ? (wide.shift() ?? number) : number;
  };
  const [size, packed, local] = [numberAt(24), numberAt(20), numberAt(42)];
  if ((flags & 1) !== 0) throw new FormatError(file.path, `\`${name}\` in it is encrypted`);
  if (method === 0 && size !== packed)
    throw new FormatError(file.path, `\`${name}\` in it has two sizes, ${size} and ${packed}`);
  const checksum = directory.u32(at + 16);
  return { listed: { name, size: packed, packing: packingOf(method), bytes: size, checksum, local }, next };
}

function packingOf(method: number): ZipEntry["packing"] {
  return method === 0 ? "none" : method === 8 ? "deflate" : "other";
}

/** The 64-bit numbers of an extra field. */
function wideNumbers(directory: Bytes, start: number, length: number): number[] {
  for (let at = start; at + 4 <= start + length; at += 4 + directory.u16(at + 2)) {
    if (directory.u16(at) !== 1) continue;
    const count = Math.floor(Math.min(directory.u16(at + 2), start + length - at - 4) / 8);
    return Array.from({ length: count }, (_, index) => directory.u64(at + 4 + 8 * index));
  }
  return [];
}

function entryName(bytes: Uint8Array, file: WeightFile): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError(file.path, "a name in its zip archive is not UTF-8");
  }
  const leadsOut = name.split("/").some((part) => part === "" || part === "." || part === "..");
  if (leadsOut || /[\\\0]|^[A-Za-z]:/.test(name)) {
    throw new FormatError(file.path, `its zip archive has the name \`${name}\`, which does not name a file inside it`);
  }
  return name;
}

/** Where an entry's bytes are, by its own header, which has to agree with the directory. */
function findContent(listed: Listed, file: WeightFile, directory: number): ZipEntry {
  const { name, size, packing, local, bytes, checksum } = listed;
  if (local + 30 > directory) throw new FormatError(file.path, `\`${name}\` in it is beyond its end`);
  const header = new Bytes(file, local, local + 30);
  const nameLength = header.u16(26);
  const behind = local + 30 + nameLength;
  const isSame = behind <= directory && entryName(readPart(file, local + 30, behind), file) === name;
  if (header.u32(0) !== signatures.local || packingOf(header.u16(8)) !== packing || !isSame) {
    throw new FormatError(file.path, `\`${name}\` in it is not where its directory says`);
  }
  const from = behind + header.u16(28);
  if (from + size > directory) throw new FormatError(file.path, `\`${name}\` in it goes beyond its end`);
  return { from, to: from + size, packing, bytes, checksum };
}

function refuseOverlaps(spans: readonly Span[], file: WeightFile): void {
  let before: Span | null = null;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    if (before !== null && span.from < before.to) {
      throw new FormatError(file.path, `\`${before.name}\` and \`${span.name}\` in it overlap`);
    }
    before = span;
  }
}
