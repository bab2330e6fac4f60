import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip, createInflateRaw, type Gunzip, type InflateRaw } from "node:zlib";
import type { StoredFile } from "../archive-member.ts";
import { type Fault, fault } from "../problem.ts";

/** A file that cannot be read or does not keep to gzip's format; caught where a volume is read, and given as a value. */
export class UnreadableFile extends Error {
  readonly fault: Fault;

  constructor(message: string, help: string | null = null) {
    super(message);
    this.name = "UnreadableFile";
    this.fault = fault(message, help);
  }
}

const chunkBytes = 2 ** 20;

/** Opens a file, which neither a device nor a pipe can make wait, or throws an UnreadableFile. */
export async function openVolumeFile(path: string): Promise<{ readonly handle: FileHandle; readonly bytes: number }> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new UnreadableFile(stat.isDirectory() ? "it is a folder" : "it is not a file");
    return { handle, bytes: stat.size };
  } catch (error) {
    await handle?.close();
    throw readable(error);
  }
}

/** How bytes are packed: `deflate` as files in a zip archive are. */
type Packing = "none" | "gzip" | "deflate";

/**
 * The bytes of a file, which may lie in an archive, unpacked where its content, not its name, is gzip's, or as is said. They come in pieces, which
 * are unpacked in another thread while the piece before is looked at, so that neither a long file nor one that unpacks to far more
 * than it says takes memory. Every method throws an UnreadableFile.
 */
export class VolumeBytes {
  private readonly handle: FileHandle;
  /** Where the file starts in what was opened. */
  private readonly start: number;
  /** Bytes of the file as it is stored. */
  readonly storedBytes: number;
  private readonly packing: Packing;
  private readonly unpacker: Gunzip | InflateRaw | null;
  private readonly pieces: AsyncIterator<Buffer>;
  private piece: Uint8Array = new Uint8Array();
  private given = 0;

  private constructor(handle: FileHandle, { start, bytes: storedBytes }: Place, packing: Packing) {
    this.handle = handle;
    this.start = start;
    this.storedBytes = storedBytes;
    const highWaterMark = Math.max(1, Math.min(chunkBytes, storedBytes));
    const end = start + storedBytes - 1;
    const stored: Readable =
      storedBytes === 0 ? Readable.from([]) : handle.createReadStream({ start, end, highWaterMark, autoClose: false });
    // A few pieces wait, so that neither thread waits for the other.
    const waiting = { chunkSize: chunkBytes, readableHighWaterMark: 4 * chunkBytes };
    this.packing = packing;
    this.unpacker = unpackerOf(packing, waiting);
    // What goes wrong in one stream ends the other, and comes up where the pieces are read.
    if (this.unpacker !== null) pipeline(stored, this.unpacker, () => undefined);
    const stream: AsyncIterable<Buffer> = this.unpacker ?? stored;
    this.pieces = stream[Symbol.asyncIterator]();
  }

  /** Without a `packing` the first bytes say whether it is gzip. */
  static async open(file: StoredFile, packing: Packing | null = null): Promise<VolumeBytes> {
    const { handle, bytes } = await openVolumeFile(typeof file === "string" ? file : file.path);
    try {
      const place = typeof file === "string" ? { start: 0, bytes } : { start: file.offset, bytes: file.bytes };
      if (packing !== null) return new VolumeBytes(handle, place, packing);
      const first = new Uint8Array(2);
      await handle.read(first, 0, Math.min(2, place.bytes), place.start);
      return new VolumeBytes(handle, place, first[0] === 0x1f && first[1] === 0x8b ? "gzip" : "none");
    } catch (error) {
      await handle.close();
      throw readable(error);
    }
  }

  get isPacked(): boolean {
    return this.unpacker !== null;
  }

  /** Bytes that were given so far, unpacked. */
  get position(): number {
    return this.given;
  }

  /** Fills the array, and gives how many bytes there were: less than its length only at the end. */
  async read(into: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < into.length && (await this.hasMore())) {
      const part = this.piece.subarray(0, into.length - filled);
      into.set(part, filled);
      this.piece = this.piece.subarray(part.length);
      filled += part.length;
    }
    this.given += filled;
    return filled;
  }

  /** True while bytes are left; at the end of a gzip file its checksum was right. */
  async hasMore(): Promise<boolean> {
    while (this.piece.length === 0) {
      try {
        const next = await this.pieces.next();
        if (next.done === true) return false;
        this.piece = next.value;
      } catch (error) {
        throw readable(error, this.packing);
      }
    }
    return true;
  }

  /** Stored bytes behind the end of packed data, when anything but the zeros of a padding is among them. */
  async bytesBehindData(): Promise<number> {
    const end = this.unpacker?.bytesWritten ?? this.storedBytes;
    const buffer = new Uint8Array(Math.min(chunkBytes, this.storedBytes - end));
    try {
      for (let at = end; at < this.storedBytes; ) {
        const { bytesRead } = await this.handle.read(
          buffer,
          0,
          Math.min(buffer.length, this.storedBytes - at),
          this.start + at,
        );
        if (bytesRead === 0) break;
        if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return this.storedBytes - end;
        at += bytesRead;
      }
    } catch (error) {
      throw readable(error);
    }
    return 0;
  }

  async close(): Promise<void> {
    await this.pieces.return?.();
    await this.handle.close();
  }
}

function unpackerOf(packing: Packing, options: Parameters<typeof createGunzip>[0]): Gunzip | InflateRaw | null {
  switch (packing) {
    case "none":
      return null;
    case "gzip":
      return createGunzip(options);
    case "deflate":
      return createInflateRaw(options);
  }
}

/** Where a file lies in another one. */
interface Place {
  readonly start: number;
  readonly bytes: number;
}

/** What the system or zlib refused, as what it says of the file; anything else is thrown as it is. */
export function readable(error: unknown, packing: Packing = "gzip"): UnreadableFile {
  if (error instanceof UnreadableFile) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  if (code === null) throw error;
  const ofData = dataReasons.get(code)?.(packing === "gzip" ? "gzip data" : "compressed data");
  const message = ofData ?? reasons.get(code) ?? `it cannot be read (${code})`;
  return new UnreadableFile(message, code.startsWith("Z_") ? "Copy or download it again." : null);
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "it does not exist"],
  ["EISDIR", "it is a folder"],
  ["EACCES", "it cannot be read: permission denied"],
  ["EPERM", "it cannot be read: permission denied"],
  ["ELOOP", "its symbolic links form a cycle"],
  ["ENAMETOOLONG", "its name is too long"],
]);

const dataReasons: ReadonlyMap<string, (data: string) => string> = new Map([
  ["Z_BUF_ERROR", (data: string) => `it is truncated within its ${data}`],
  ["Z_DATA_ERROR", (data: string) => `its ${data} is damaged, or something else follows it`],
]);
