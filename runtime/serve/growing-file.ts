import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorCode } from "../files/index.ts";

/** Bytes that are read at once, so that others are answered between. */
const bytesAtOnce = 2 ** 22;

/** Bytes of a line; a longer one is no record. */
const longestLine = 2 ** 20;

const newline = 0x0a;

/** What came of reading on: whether it is another file than before, and whether there is more to read. */
export interface ReadOn {
  readonly isNew: boolean;
  readonly lines: readonly string[];
  readonly hasMore: boolean;
  /** When the file last changed, in milliseconds since 1970. */
  readonly changedAt: number;
}

/**
 * A file to which lines are added. Only what came since the last time is read, and a line that is not ended yet waits until it is. A
 * file that was replaced, as a training that is resumed does it, or made shorter, is read anew.
 */
export class GrowingFile {
  private readonly path: string;
  private known: { readonly device: number; readonly file: number } | null = null;
  private offset = 0;
  private rest = new Uint8Array();
  private isTooLong = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Reads on; null where there is no such file, which is then read from its start when it comes. Throws what the file system says. */
  async readOn(): Promise<ReadOn | null> {
    let handle: FileHandle;
    try {
      // A pipe that has this name must not make it wait, and a link may lead anywhere.
      handle = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    } catch (error) {
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ELOOP") throw error;
      this.known = null;
      return null;
    }
    try {
      const status = await handle.stat();
      if (!status.isFile()) return null;
      const { dev: device, ino: file, size, mtimeMs: changedAt } = status;
      const isSame = this.known?.device === device && this.known.file === file && size >= this.offset;
      if (!isSame) this.start(device, file);
      const wanted = Math.min(bytesAtOnce, size - this.offset);
      const bytes = new Uint8Array(wanted);
      const { bytesRead } = wanted === 0 ? { bytesRead: 0 } : await handle.read(bytes, 0, wanted, this.offset);
      this.offset += bytesRead;
      const hasMore = bytesRead > 0 && this.offset < size;
      return { isNew: !isSame, lines: this.linesOf(bytes.subarray(0, bytesRead)), hasMore, changedAt };
    } finally {
      await handle.close();
    }
  }

  private start(device: number, file: number): void {
    this.known = { device, file };
    this.offset = 0;
    this.rest = new Uint8Array();
    this.isTooLong = false;
  }

  private linesOf(bytes: Uint8Array): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      const line = joined(this.rest, bytes.subarray(start, end));
      if (!this.isTooLong) lines.push(new TextDecoder().decode(line));
      this.rest = new Uint8Array();
      this.isTooLong = false;
      start = end + 1;
    }
    this.rest = joined(this.rest, bytes.subarray(start));
    if (this.rest.length > longestLine) {
      this.rest = new Uint8Array();
      this.isTooLong = true;
    }
    return lines;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
