import { readSync } from "node:fs";
import { withRegularFile } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";
import {
  blockBytes,
  damagedHelp,
  noOverrides,
  parsePax,
  parseTarHeader,
  type TarHeader,
  type TarOverrides,
  textIn,
} from "./tar-header.ts";

/** A file in an archive. */
export interface TarMember {
  readonly name: string;
  /** Where its bytes start in the archive, and how many there are. */
  readonly offset: number;
  readonly bytes: number;
  /** What it holds, where that was wanted. */
  readonly content: Uint8Array | null;
}

/** A pax header, or a long name: those that are written have some hundred bytes. */
const largestExtension = 2 ** 16;
const mostMembers = 2_000_000;
/** Archives are filled up with zeros to a multiple of 10 KiB, or of what their writer was told. */
const longestPadding = 2 ** 20;
/** What is read at once. Small members, and the header behind them, come with the header before. */
const windowBytes = 2 ** 14;

/**
 * The files in an archive, from their headers alone: contents are jumped over, but for those that `wants` asks for. Or what is wrong with the
 * archive; what is not within it is never read, and no more is held than the list and one small piece. Throws what the file system says.
 */
export function scanTar(
  path: string,
  wants: (name: string, bytes: number) => boolean,
): Result<readonly TarMember[], Fault> {
  return withRegularFile(path, (handle, { size }) => new TarScan(handle, size, wants).scan());
}

class TarScan {
  private readonly handle: number;
  private readonly size: number;
  private readonly wants: (name: string, bytes: number) => boolean;
  private readonly window = new Uint8Array(windowBytes);
  private windowStart = 0;
  private windowEnd = 0;

  constructor(handle: number, size: number, wants: (name: string, bytes: number) => boolean) {
    this.handle = handle;
    this.size = size;
    this.wants = wants;
  }

  scan(): Result<readonly TarMember[], Fault> {
    const members: TarMember[] = [];
    let overrides: TarOverrides = noOverrides;
    let from = 0;
    for (;;) {
      const block = this.bytesAt(from, blockBytes);
      if (block === null) return failed(this.endsEarly(from, members.at(-1)));
      if (block.every((byte) => byte === 0)) break;
      if (from === 0 && block[0] === 0x1f && block[1] === 0x8b) {
        return failed(fault("it is compressed, so its members cannot be found", "unpack it with gunzip"));
      }
      const parsed = parseTarHeader(block, overrides);
      if (parsed.kind === "failed") return failed(inHeader(from, parsed.problem));
      const header = parsed.value;
      const offset = from + blockBytes;
      const end = offset + header.bytes;
      if (end > this.size) return failed(this.endsEarly(offset, header));
      from = offset + Math.ceil(header.bytes / blockBytes) * blockBytes;
      if (header.kind === "file") {
        if (members.length === mostMembers) return failed(fault(`it has more than ${mostMembers} members`));
        const content = this.wants(header.name, header.bytes) ? this.copyOf(offset, header.bytes) : null;
        members.push({ name: header.name, offset, bytes: header.bytes, content });
      }
      const extended = this.extensionOf(header, offset, overrides);
      if (extended.kind === "failed") return failed(inHeader(offset - blockBytes, extended.problem));
      overrides = extended.value;
    }
    return this.paddingFault(from) ?? ok(members);
  }

  /** What a header says of the member behind it. */
  private extensionOf({ kind, bytes }: TarHeader, offset: number, before: TarOverrides): Result<TarOverrides, Fault> {
    if (kind === "file" || kind === "folder") return ok(noOverrides);
    if (kind === "long-link") return ok(before);
    if (bytes > largestExtension) {
      return failed(fault(`it has ${bytes} bytes of names, and at most ${largestExtension} are read`));
    }
    const content = this.copyOf(offset, bytes);
    if (kind === "long-name") {
      const name = textIn(content);
      return name === null ? failed(fault("its name is not UTF-8")) : ok({ ...before, name });
    }
    const parsed = parsePax(content);
    if (parsed.kind === "failed") return parsed;
    const { name, bytes: size } = parsed.value;
    if (kind === "pax") return ok({ name: name ?? before.name, bytes: size ?? before.bytes });
    const isForAll = name !== null || size !== null;
    return isForAll ? failed(fault("it sets one path or size for all members")) : ok(before);
  }

  private endsEarly(from: number, last: { readonly name: string } | undefined): Fault {
    const where = last === undefined ? "" : ` after ${quoted(last.name)}`;
    if (this.size < blockBytes) return fault(`it has ${this.size} bytes, too few for an archive`, damagedHelp);
    return fault(`it is truncated${where}: it ends at byte ${this.size}, and goes on at ${from}`, damagedHelp);
  }

  /** What is wrong with what follows the first block of zeros, which ends an archive. */
  private paddingFault(end: number): Result<never, Fault> | null {
    const left = this.size - end;
    if (left > longestPadding) return failed(fault(`${left} bytes follow its end at byte ${end}`, behindHelp));
    for (let from = end; from < this.size; from += windowBytes) {
      const piece = this.bytesAt(from, Math.min(windowBytes, this.size - from));
      if (piece?.some((byte) => byte !== 0)) {
        return failed(fault(`something follows its end at byte ${end}`, behindHelp));
      }
    }
    return null;
  }

  private copyOf(offset: number, bytes: number): Uint8Array {
    const copy = new Uint8Array(bytes);
    for (let done = 0; done < bytes; done += windowBytes) {
      const piece = this.bytesAt(offset + done, Math.min(windowBytes, bytes - done));
      if (piece !== null) copy.set(piece, done);
    }
    return copy;
  }

  /** At most a window of bytes, which the next call may overwrite; null where the file ends before. */
  private bytesAt(from: number, count: number): Uint8Array | null {
    if (from < this.windowStart || from + count > this.windowEnd) {
      this.windowStart = from;
      this.windowEnd = from;
      for (let read = -1; read !== 0 && this.windowEnd < from + count; this.windowEnd += read) {
        const done = this.windowEnd - from;
        read = readSync(this.handle, this.window, done, windowBytes - done, this.windowEnd);
      }
    }
    const start = from - this.windowStart;
    return from + count > this.windowEnd ? null : this.window.subarray(start, start + count);
  }
}

const behindHelp = "an archive that was appended to another one is not read; keep each in a file of its own";

function inHeader(from: number, { message, help }: Fault): Fault {
  return fault(`the member at byte ${from}: ${message}`, help);
}
