import { crc32 } from "../../files/index.ts";

/**
 * The log of LevelDB as W&B has it (github.com/google/leveldb/blob/main/doc/log_format.md): blocks of 32 KiB, in which a record is
 * one fragment or several, each with its checksum, length and kind. W&B's has seven bytes in front, and zlib's checksum for CRC-32C.
 */
const blockBytes = 32 * 1024;
const headerBytes = 7;

/** `:W&B`, the lower half of zlib's checksum of "Weights & Biases", and version 0. */
const fileHeader = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0);

const kinds = { full: 1, first: 2, middle: 3, last: 4 } as const;

/** The bytes of a log of records, in pieces. */
export function* frameLog(records: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  yield fileHeader;
  let offset = fileHeader.length;
  for (const record of records) {
    // A first fragment may be empty, where a block has room for its header alone.
    for (let start = 0, isFirst = true, isLast = false; !isLast; isFirst = false) {
      if (blockBytes - offset < headerBytes) {
        yield new Uint8Array(blockBytes - offset);
        offset = 0;
      }
      const end = Math.min(record.length, start + blockBytes - offset - headerBytes);
      isLast = end === record.length;
      yield fragment(record.subarray(start, end), kindOf(isFirst, isLast));
      offset = (offset + headerBytes + end - start) % blockBytes;
      start = end;
    }
  }
}

function kindOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? kinds.full : kinds.first;
  return isLast ? kinds.last : kinds.middle;
}

function fragment(data: Uint8Array, kind: number): Uint8Array {
  const bytes = new Uint8Array(headerBytes + data.length);
  const view = new DataView(bytes.buffer);
  bytes[6] = kind;
  bytes.set(data, headerBytes);
  // Of the kind and the data, which stand behind each other.
  view.setUint32(0, crc32(bytes.subarray(6)), true);
  view.setUint16(4, data.length, true);
  return bytes;
}
