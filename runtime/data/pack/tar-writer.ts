import { createHash, type Hash } from "node:crypto";
import { type FileSystem, removeQuietly, syncFolder, writeAll } from "../../files/index.ts";
import { blockBytes } from "../readers/index.ts";

/** What was written into an archive. */
export interface WrittenTar {
  readonly bytes: number;
  readonly sha256: string;
}

/** The longest name of a member without a folder in it, in bytes. */
const longestName = 100;
/** The largest member whose size its header can say, in 11 octal digits. */
export const largestMember = 8 ** 11 - 1;

/**
 * Writes an archive in the format of ustar (POSIX.1-1988), member by member, so that the same members give the same bytes: of no
 * user and of no time. It appears under its name when it is finished, on disk. Throws what the file system says.
 */
export class TarWriter {
  private readonly path: string;
  private readonly folder: string;
  private readonly temporary: string;
  private readonly files: FileSystem;
  private readonly handle: number;
  private readonly hash: Hash = createHash("sha256");
  private written = 0;
  private isOpen = true;

  constructor(
    places: { readonly folder: string; readonly path: string; readonly temporary: string },
    files: FileSystem,
  ) {
    this.path = places.path;
    this.folder = places.folder;
    this.temporary = places.temporary;
    this.files = files;
    files.remove(places.temporary);
    this.handle = files.create(places.temporary, 0o666);
  }

  /** Adds a member, given in pieces. */
  add(name: string, pieces: readonly Uint8Array[]): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.write(tarHeader(name, bytes));
    for (const piece of pieces) this.write(piece);
    this.write(new Uint8Array((blockBytes - (bytes % blockBytes)) % blockBytes));
  }

  finish(): WrittenTar {
    this.write(new Uint8Array(2 * blockBytes));
    this.files.sync(this.handle);
    this.close();
    this.files.rename(this.temporary, this.path);
    syncFolder(this.folder, this.files);
    return { bytes: this.written, sha256: this.hash.digest("hex") };
  }

  /** Gives up what was not finished. */
  discard(): void {
    if (this.isOpen) this.close();
    removeQuietly(this.temporary, this.files);
  }

  private write(bytes: Uint8Array): void {
    writeAll(this.handle, bytes, this.files);
    this.hash.update(bytes);
    this.written += bytes.length;
  }

  private close(): void {
    this.isOpen = false;
    this.files.close(this.handle);
  }
}

function tarHeader(name: string, bytes: number): Uint8Array {
  const block = new Uint8Array(blockBytes);
  const encoded = new TextEncoder().encode(name);
  if (encoded.length > longestName || bytes > largestMember) {
    throw new Error(`invariant: ${name} of ${bytes} bytes fits into a header`);
  }
  const put = (text: string, at: number): void => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")}\0`;
  block.set(encoded);
  put(octal(0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(bytes, 11), 124);
  put(octal(0, 11), 136);
  put("        0", 148);
  put("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
